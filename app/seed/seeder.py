"""Whose the demo is."""

from __future__ import annotations

from app.accounts.models import Caller

SEEDER = Caller(user_id="seed", role="admin")
