"""Services and tokens to and from the documents that MongoDB keeps.

Absent fields stay absent: a partial index must not see them.
"""

from __future__ import annotations

from typing import Any

from app.core.security import Grant, hash_email
from app.queues.models import (
    DEFAULT_PRIORITY,
    Code,
    Contact,
    Document,
    Invite,
    Notify,
    OpeningHours,
    Promise,
    Service,
    Token,
    Transfer,
)

TOKEN_DATES = ("called_at", "recalled_at", "started_at", "ended_at", "verified_at")


def service_of(document: Document) -> Service:
    return Service(
        id=document["_id"],
        slug=document["slug"],
        name=document["name"],
        description=document.get("description", ""),
        timezone=document["timezone"],
        average_minutes=document["average_minutes"],
        verify=document["verify"],
        remote_join=document["remote_join"],
        state=document["state"],
        version=document["version"],
        created_at=document["created_at"],
        created_by=document.get("created_by", ""),
        capacity=document.get("capacity"),
        counters=document["counters"],
        opening_hours=tuple(
            OpeningHours(hours["day"], hours["opens"], hours["closes"])
            for hours in document.get("opening_hours", ())
        ),
        carry_over=document.get("carry_over", False),
        grace_seconds=document["grace_seconds"],
        recall_gap_seconds=document["recall_gap_seconds"],
        invites=tuple(Invite(i["n"], i["at"], i["key_version"]) for i in document.get("invites", ())),
        former_slugs=tuple(document.get("former_slugs", ())),
    )


def service_document(service: Service) -> Document:
    return {"_id": service.id, "created_at": service.created_at, "created_by": service.created_by} | {
        "invites": [invite_document(invite) for invite in service.invites],
        "version": service.version,
        **settings_document(service),
    }


def settings_document(service: Service) -> Document:
    """What staff may change."""
    return {
        "slug": service.slug,
        "former_slugs": list(service.former_slugs),
        "name": service.name,
        "description": service.description,
        "timezone": service.timezone,
        "average_minutes": service.average_minutes,
        "verify": service.verify,
        "remote_join": service.remote_join,
        "state": service.state,
        "capacity": service.capacity,
        "counters": service.counters,
        "opening_hours": [
            {"day": hours.day, "opens": hours.opens, "closes": hours.closes}
            for hours in service.opening_hours
        ],
        "carry_over": service.carry_over,
        "grace_seconds": service.grace_seconds,
        "recall_gap_seconds": service.recall_gap_seconds,
    }


def invite_document(invite: Invite) -> Document:
    return {"n": invite.n, "at": invite.at, "key_version": invite.key_version}


def token_of(document: Document) -> Token:
    contact, code = document.get("contact"), document.get("code")
    promise, transfer = document.get("forecast"), document.get("transfer")
    return Token(
        id=document["_id"],
        service_id=document["service_id"],
        day=document["day"],
        number=document["number"],
        status=document["status"],
        priority=document.get("priority", DEFAULT_PRIORITY),
        joined_at=document["joined_at"],
        alias=document["alias"],
        own_alias=document.get("own_alias"),
        contact=contact_of(contact) if contact else None,
        user_id=document.get("user_id"),
        origin=document.get("origin"),
        invite=document.get("invite"),
        place=document.get("place"),
        counter=document.get("counter"),
        **{name: document.get(name) for name in TOKEN_DATES},
        code=code_of(code) if code else None,
        notify=_notify(document.get("notify", {})),
        forecast=_promise(promise) if promise else None,
        transfer=Transfer(transfer["service_id"], transfer["token_id"]) if transfer else None,
        secret_id=document["secret_id"],
        grant=Grant(document["key_version"], document["n"]),
        version=document["version"],
        created_at=document["created_at"],
        history=tuple(document.get("history", ())),
        idem=document.get("idem", {}),
    )


def token_document(token: Token) -> Document:
    """A new token. Its live fields (``place`` too) come from ``live.LiveFields``, its outbox from the
    repository."""
    document: Document = {
        "_id": token.id,
        "service_id": token.service_id,
        "day": token.day,
        "number": token.number,
        "status": token.status,
        "priority": token.priority,
        "joined_at": token.joined_at,
        "alias": token.alias,
        "secret_id": token.secret_id,
        "key_version": token.grant.key_version,
        "n": token.grant.n,
        "notify": notify_document(token.notify),
        "version": token.version,
        "created_at": token.created_at,
        "history": list(token.history),
    }
    optional = {
        "own_alias": token.own_alias,
        "contact": contact_document(token.contact) if token.contact else None,
        "mailbox": hash_email(token.contact.email) if token.contact and token.contact.email else None,
        "user_id": token.user_id,
        "origin": token.origin,
        "invite": token.invite,
        "counter": token.counter,
        **{name: getattr(token, name) for name in TOKEN_DATES},
        "code": code_document(token.code) if token.code else None,
        "forecast": promise_document(token.forecast) if token.forecast else None,
        "idem": dict(token.idem) or None,
    }
    return document | _without_none(optional)


def contact_document(contact: Contact) -> Document:
    return _without_none({"name": contact.name, "email": contact.email, "phone": contact.phone})


def contact_of(document: Document) -> Contact:
    return Contact(document.get("name"), document.get("email"), document.get("phone"))


def code_document(code: Code) -> Document:
    return {
        "n": code.grant.n,
        "key_version": code.grant.key_version,
        "tries": code.tries,
        "granted_at": code.granted_at,
    }


def code_of(document: Document) -> Code:
    return Code(Grant(document["key_version"], document["n"]), document["tries"], document["granted_at"])


def notify_document(notify: Notify) -> Document:
    return {
        "minutes_before": notify.minutes_before,
        "changes": notify.changes,
        "reminded_at": notify.reminded_at,
    }


def promise_document(promise: Promise) -> Document:
    return {
        "median_seconds": promise.median_seconds,
        "p90_seconds": promise.p90_seconds,
        "ahead": promise.ahead,
        "at": promise.at,
    }


def _notify(document: Document) -> Notify:
    return Notify(document.get("minutes_before"), document.get("changes", False), document.get("reminded_at"))


def _promise(document: Document) -> Promise:
    return Promise(document["median_seconds"], document["p90_seconds"], document["ahead"], document["at"])


def _without_none(document: dict[str, Any]) -> Document:
    return {key: value for key, value in document.items() if value is not None}
