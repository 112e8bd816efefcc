"""What makes a token live in the unique indexes: its number, alias and contact, until it ends."""

from __future__ import annotations

from app.core.security import KeyRing, normalise_email
from app.queues.models import Contact, Document, Token


class LiveFields:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def of(self, token: Token) -> Document:
        """To set on joining, and again where an ending is undone. Whoever ended has no place of the
        capacity any more and asks for none: staff who undo may go one past it."""
        fields: Document = {"live_number": token.number, "alias_key": alias_key(token.alias)}
        if keys := self.contact_keys(token.contact, token.user_id):
            fields["contact_key"] = keys
        if token.place is not None:
            fields["place"] = token.place
        return fields

    def contact_keys(self, contact: Contact | None, user_id: str | None = None) -> list[str]:
        """Names phone, address and account without keeping them, under each key in use: a contact from
        before a change of keys is known after it."""
        reached = [f"user|{user_id}"] if user_id else []
        if contact is not None and contact.phone:
            reached.append(f"phone|{contact.phone}")
        if contact is not None and contact.email:
            reached.append(f"email|{normalise_email(contact.email)}")
        return [self._hash(name, version) for name in reached for version in self._ring.versions]

    def origin(self, address: str) -> str:
        """Names a network address without keeping it; empty where it tells nobody apart."""
        return self._hash(f"address|{address}", self._ring.newest) if address else ""

    def _hash(self, name: str, version: int) -> str:
        return self._ring.pseudonym("line-contact", name, version)


def alias_key(alias: str) -> str:
    """One spelling of what is read out at a counter."""
    return "-".join(alias.casefold().replace("-", " ").split())
