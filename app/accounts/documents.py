"""Accounts as MongoDB keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.accounts.models import Link, Photo, User
from app.accounts.scopes import plain_scope, scope_of
from app.core.mongo import Document


def document_of(user: User) -> Document:
    document: Document = {
        "_id": user.id,
        "email": user.email,
        "name": user.name,
        "phone": user.phone,
        "role": user.role,
        "password": user.password,
        "created_at": user.created_at,
        "generation": user.generation,
        "kept_session": user.kept_session,
        "version": user.version,
        "last_change": user.last_change,
    }
    optional = {
        "disabled_at": user.disabled_at,
        "email_verified_at": user.email_verified_at,
        "google": user.google,
        "google_unproven": user.google_unproven or None,
        "password_proven": user.password_proven or None,
        "scope": plain_scope(user.scope),
        "verification": link_document(user.verification) if user.verification else None,
        "reset": link_document(user.reset) if user.reset else None,
    }
    return document | {name: value for name, value in optional.items() if value is not None}


def user_of(document: Mapping[str, Any]) -> User:
    return User(
        id=document["_id"],
        email=document["email"],
        name=document["name"],
        phone=document.get("phone"),
        role=document["role"],
        password=document.get("password"),
        created_at=document["created_at"],
        disabled_at=document.get("disabled_at"),
        generation=document["generation"],
        kept_session=document.get("kept_session"),
        version=document["version"],
        last_change=document.get("last_change"),
        scope=scope_of(document),
        email_verified_at=document.get("email_verified_at"),
        verification=_link(document.get("verification")),
        reset=_link(document.get("reset")),
        google=document.get("google"),
        google_unproven=document.get("google_unproven", False),
        password_proven=document.get("password_proven", False),
        photo=_photo(document.get("photo")),
        erased_at=document.get("erased_at"),
        erased_mailbox=document.get("erased_mailbox"),
    )


def link_document(link: Link) -> Document:
    """Without ``expires_at`` where it is closed, so that a comparison finds no open one."""
    document: Document = {"n": link.n, "key_version": link.key_version}
    if link.expires_at is not None:
        document["expires_at"] = link.expires_at
    if link.asked_by is not None:
        document["asked_by"] = link.asked_by
    return document


def _link(document: Mapping[str, Any] | None) -> Link | None:
    if document is None:
        return None
    return Link(document["n"], document["key_version"], document.get("expires_at"), document.get("asked_by"))


def _photo(document: Mapping[str, Any] | None) -> Photo | None:
    return None if document is None else Photo(document["key"], document["at"])
