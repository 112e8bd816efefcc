"""Who wants to join, and how: by an invite, by the staff's hand, or from afar."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.accounts.models import Caller
from app.core.ids import new_id
from app.queues.live import LiveFields
from app.queues.models import Contact, Notify, Service


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody's request to join, shape-checked. ``invite``: the text behind the QR code."""

    caller: Caller
    address: str = field(repr=False)
    contact: Contact | None = None
    own_alias: str | None = field(default=None, repr=False)
    notify: Notify = field(default_factory=Notify)
    invite: str | None = field(default=None, repr=False)
    priority: int | None = None
    key: str | None = None
    body_hash: str = ""


class Applicant:
    """One wish in one line. ``token_id`` stays the same however often it is tried."""

    def __init__(self, wish: Wish, service: Service, live: LiveFields) -> None:
        self.wish = wish
        self.token_id = new_id("tok")
        self.by_hand = wish.invite is None and wish.caller.oversees_service(service.id)
        self.user_id = None if self.by_hand else wish.caller.user_id
        self.address = live.origin(wish.address)
        self.contact_keys = live.contact_keys(wish.contact, self.user_id)

    @property
    def by(self) -> str:
        return self.wish.caller.key if self.by_hand else self.user_id or "guest"

    @property
    def cause(self) -> str:
        if self.by_hand:
            return "entered"
        return "joined" if self.wish.invite is None else "claimed"

    @property
    def origin(self) -> str | None:
        """Staff's own address says nothing about the person they enter, nor does this machine's."""
        return None if self.by_hand else self.address or None

    @property
    def caller(self) -> str:
        """Whose idempotency keys count. The hash of the body that goes with the key holds the whole invite,
        so its number is name enough."""
        if self.by_hand or self.user_id:
            return self.wish.caller.key
        if self.wish.invite is not None:
            return f"invite:{self.wish.invite.rpartition('.')[2]}"
        return f"guest:{self.contact_keys[0] if self.contact_keys else self.address}"

    @property
    def idem(self) -> dict[str, str]:
        if self.wish.key is None:
            return {}
        return {"caller": self.caller, "key": self.wish.key, "hash": self.wish.body_hash}
