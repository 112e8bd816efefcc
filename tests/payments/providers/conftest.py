from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.mongo import Database
from tests.payments.providers.rigs import Mode, Rig, sandbox_rig, stripe_rig

PROVIDERS = ["sandbox", "stripe"]
"""The parameter that a new provider adds itself to."""


@pytest.fixture(params=PROVIDERS)
async def rig(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Rig]:
    if request.param == "sandbox":
        async with sandbox_rig(database) as sandbox:
            yield sandbox
    else:
        async with stripe_rig() as stripe:
            yield stripe


@pytest.fixture(params=["page", "client_secret"])
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen
