from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from app.core.clock import SystemClock
from app.core.mongo import Database
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from tests.payments.providers.receiver import Receiver, receiving
from tests.payments.providers.rigs import SECRET

Build = Callable[[Faults], SandboxProvider]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def build(database: Database, receiver: Receiver) -> AsyncIterator[Build]:
    """Another one is another process on the same ledger."""
    built: list[SandboxProvider] = []

    def make(faults: Faults) -> SandboxProvider:
        built.append(
            SandboxProvider(
                database,
                SystemClock(),
                public_url=receiver.url + "/",
                webhook_secret=SECRET,
                faults=faults,
            )
        )
        return built[-1]

    yield make
    for provider in built:
        await provider.aclose()


@pytest.fixture
def sandbox(build: Build) -> SandboxProvider:
    return build(Faults())
