"""Secrets a development machine makes for itself, so that no two installations share any."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from app.settings import Settings
from app.supervisor.files import SECRETS, read_private, write_private


def development_secrets(settings: Settings, directory: Path) -> dict[str, str]:
    """Environment variables for the secrets nobody has set. Production sets its own, or is refused."""
    if settings.runtime.env == "production":
        return {}
    kept = read_private(directory / SECRETS) or _generate(directory)
    chosen = settings.security.model_fields_set | settings.payments.model_fields_set
    return {name: value for name, value in kept.items() if name.removeprefix("USHER_").lower() not in chosen}


def _generate(directory: Path) -> dict[str, str]:
    made = {
        "USHER_SECRET_KEYS": f"1:{secrets.token_urlsafe(32)}",
        "USHER_SANDBOX_WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
    }
    write_private(directory / SECRETS, made)
    return made
