"""Settings for a command typed beside a running ``usher serve``: what is not set is read from its files."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from app.embedded.child import StartError
from app.settings import Mongo, Payments, Redis, Security, Settings
from app.supervisor.files import RUN, SECRETS, read_private


def server_urls(directory: Path, mongodb_url: str = "", redis_url: str = "") -> tuple[str, str]:
    """MongoDB's and Redis's: as given, else as set, else as written down by ``usher serve``."""
    mongodb_url = mongodb_url or Mongo().mongodb_url
    redis_url = redis_url or Redis().redis_url
    if mongodb_url and redis_url:
        return mongodb_url, redis_url
    run = read_private(directory / RUN)
    if run is None:
        raise StartError(
            f"nothing runs with the data directory {directory}: start `usher serve`, give --data-dir, "
            "or set USHER_MONGODB_URL and USHER_REDIS_URL"
        )
    return mongodb_url or run["mongod"]["url"], redis_url or run["redis"]["url"]


def surrounding_settings(directory: Path) -> Settings:
    mongodb_url, redis_url = server_urls(directory)
    kept = read_private(directory / SECRETS) or {}
    security, payments = Security(), Payments()
    if "secret_keys" not in security.model_fields_set and kept:
        security = Security(secret_keys=SecretStr(kept["USHER_SECRET_KEYS"]))
    if "sandbox_webhook_secret" not in payments.model_fields_set and kept:
        payments = Payments(sandbox_webhook_secret=SecretStr(kept["USHER_SANDBOX_WEBHOOK_SECRET"]))
    return Settings(
        mongo=Mongo(mongodb_url=mongodb_url),
        redis=Redis(redis_url=redis_url),
        security=security,
        payments=payments,
    )


def public_url(directory: Path, settings: Settings) -> str:
    """Where a person finds the API: as set, else as written down by ``usher serve``."""
    if "public_url" in settings.runtime.model_fields_set:
        return settings.runtime.public_url
    run = read_private(directory / RUN)
    return str(run["api"]["url"]) if run else settings.runtime.public_url
