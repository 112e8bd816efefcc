"""Who else vouches for people, and their photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx

from app.accounts.pictures.darkroom import Darkroom
from app.accounts.providers.google import GoogleIdTokens
from app.accounts.providers.jwks import KeySet
from app.accounts.providers.photos.base import PhotoStore
from app.accounts.providers.photos.directory import PhotoDirectory
from app.accounts.providers.recaptcha import Recaptcha
from app.accounts.repository import UserRepository
from app.accounts.repository.identities import IdentityRepository
from app.accounts.repository.photos import PhotoRepository
from app.accounts.service import AccountLimits, Once, SessionService
from app.accounts.service.google import GoogleSignIn
from app.accounts.service.photos import PhotoService
from app.bootstrap.engines import Engines
from app.core.clock import Clock
from app.settings import Identity, Photos


@dataclass
class Vouchers:
    """Each None where it is not set up."""

    client: httpx.AsyncClient
    google: GoogleIdTokens | None
    recaptcha: Recaptcha | None


@dataclass
class Identities:
    google: GoogleSignIn
    photos: PhotoService
    store: PhotoStore
    vouchers: Vouchers
    photo_documents: PhotoRepository

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [self.google, self.photos]

    async def close(self) -> None:
        await self.vouchers.client.aclose()


def build_identities(
    engines: Engines,
    vouchers: Vouchers,
    users: UserRepository,
    sessions: SessionService,
    limits: AccountLimits,
    once: Once,
) -> Identities:
    settings, database, clock = engines.settings.photos, engines.mongo.database, engines.clock
    documents, store = PhotoRepository(database), build_photo_store(settings)
    darkroom = build_darkroom(settings)
    links = IdentityRepository(database)
    return Identities(
        google=GoogleSignIn(vouchers.google, users, links, sessions, limits, once, clock),
        photos=PhotoService(users, documents, store, darkroom, limits, once, clock),
        store=store,
        vouchers=vouchers,
        photo_documents=documents,
    )


def build_vouchers(settings: Identity, clock: Clock) -> Vouchers:
    client = httpx.AsyncClient(timeout=settings.identity_timeout_seconds, follow_redirects=False)
    audiences = _listed(settings.google_client_ids)
    google = recaptcha = None
    if audiences:
        keys = KeySet(settings.google_keys_url, clock, client)
        google = GoogleIdTokens(keys, clock, issuers=_listed(settings.google_issuers), audiences=audiences)
    if secret := settings.recaptcha_secret.get_secret_value():
        recaptcha = Recaptcha(
            client,
            url=settings.recaptcha_url,
            secret=secret,
            least_score=settings.recaptcha_score,
            hostnames=_listed(settings.recaptcha_hostnames),
        )
    return Vouchers(client, google, recaptcha)


def build_photo_store(settings: Photos) -> PhotoStore:
    if settings.photo_store == "directory":
        return PhotoDirectory(Path(settings.photo_directory))
    from app.accounts.providers.photos.s3 import PhotoBucket  # Its SDK is an extra.

    return PhotoBucket(
        settings.s3_bucket,
        region=settings.s3_region,
        endpoint=settings.s3_endpoint,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def build_darkroom(settings: Photos) -> Darkroom:
    return Darkroom(
        max_bytes=settings.photo_max_bytes,
        max_pixels=settings.photo_max_pixels,
        at_once=settings.photos_at_once,
        waiting=settings.photos_waiting,
    )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
