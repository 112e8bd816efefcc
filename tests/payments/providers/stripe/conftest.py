from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.payments.providers.rigs import StripeRig, stripe_rig


@pytest.fixture
async def rig() -> AsyncIterator[StripeRig]:
    async with stripe_rig() as rig:
        yield rig
