from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from app.settings import Identity, Photos
from tests.accounts.identity.issuer import CLIENT_ID, ISSUER, Issuer, running_issuer
from tests.e2e.conftest import House, a_house, settings_for


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def own_issuer() -> Iterator[Issuer]:
    """One whose keys a test may change."""
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
async def google(issuer: Issuer, mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    """Usher with the local issuer for Google."""
    settings = settings_for(mongo_url, redis_url)
    settings.identity = Identity(
        google_client_ids=f"other.example.com, {CLIENT_ID}",
        google_issuers=ISSUER,
        google_keys_url=issuer.keys_url,
    )
    async with a_house(settings) as house:
        yield house


@pytest.fixture(scope="module")
async def guarded(issuer: Issuer, mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    """Usher whose sign-up asks for reCAPTCHA."""
    settings = settings_for(mongo_url, redis_url)
    settings.identity = Identity(
        recaptcha_secret=SecretStr("captcha-secret"),
        recaptcha_url=issuer.captcha_url,
        recaptcha_hostnames="usher.example.com",
    )
    async with a_house(settings) as house:
        yield house


@pytest.fixture(scope="module")
async def house(
    tmp_path_factory: pytest.TempPathFactory, mongo_url: str, redis_url: str
) -> AsyncIterator[House]:
    """Usher with its photos in a directory of their own."""
    settings = settings_for(mongo_url, redis_url)
    settings.photos = Photos(photo_directory=str(tmp_path_factory.mktemp("photos")))
    async with a_house(settings) as built:
        yield built
