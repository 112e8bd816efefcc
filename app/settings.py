"""The only reader of the environment. One group per concern; every name starts with ``USHER_``.

The table of all settings is ``.env.example``; a test compares the two.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
DEVELOPMENT_KEY = "development-only-key-development-only-key"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class Group(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="USHER_", extra="ignore", frozen=True)


class Runtime(Group):
    """What this process is and where the world finds it."""

    env: Literal["development", "test", "production"] = "development"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    public_url: str = "http://127.0.0.1:8000"
    """Base of the links we hand out; also where the sandbox provider sends its webhooks."""
    max_in_flight: int = Field(default=300, ge=1)
    """Requests one API process works on at once; past that it answers 503 at once."""
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    trusted_proxies: str = ""
    """Addresses or networks, separated by commas, whose X-Forwarded-For and -Proto are believed."""
    cors_origins: str = ""
    """Other sites whose pages may read our answers, separated by commas: ``https://shop.example``."""

    @property
    def origins(self) -> list[str]:
        return _listed(self.cors_origins)

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for origin in _listed(value):
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"USHER_CORS_ORIGINS: {origin} is no origin; write https://host or https://host:port"
                )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for network in _listed(value):
            ip_network(network, strict=False)
        return value


class Security(Group):
    """Keys. ``secret_keys`` is the ring, newest first, as ``version:key`` separated by commas."""

    secret_keys: SecretStr = SecretStr(f"1:{DEVELOPMENT_KEY}")
    access_minutes: int = Field(default=15, ge=1, le=60)
    refresh_days: int = Field(default=30, ge=1)
    password_hashes_at_once: int = Field(default=2, ge=1)
    password_hashes_waiting: int = Field(default=200, ge=0)
    """Sign-ins that may wait for a hash in one API process; past that it answers 503 at once."""
    signin_per_minute: int = Field(default=10, ge=1)
    """Failed attempts on one account from one address; ten times as many from all addresses slow it down."""
    signin_address_per_minute: int = Field(default=1200, ge=1)
    """Sign-ins, and apart from them sign-ups, from one address: a whole venue may be behind it."""


class Mongo(Group):
    mongodb_url: str = ""
    """Empty: ``usher serve`` starts an embedded server."""
    mongodb_database: str = "usher"
    mongo_driver: Literal["pymongo", "motor"] = "pymongo"
    mongo_timeout_ms: int = Field(default=5000, ge=100)
    mongo_max_pool: int = Field(default=100, ge=1)


class Redis(Group):
    redis_url: str = ""
    """Empty: ``usher serve`` starts an embedded server."""
    redis_timeout_ms: int = Field(default=100, ge=10)
    """The longest one stock script may take before the breaker counts a failure."""
    redis_breaker_failures: int = Field(default=2, ge=1)
    redis_breaker_seconds: float = Field(default=1.0, gt=0)


class Sales(Group):
    """S1, S2: limits on what one booking takes and for how long."""

    max_seats_per_booking: int = Field(default=10, ge=1, le=100)
    hold_minutes: int = Field(default=5, ge=1, le=60)
    """An event's own ``hold_minutes`` goes before it."""
    bookings_per_minute: int = Field(default=60, ge=1)
    """Per caller and event; a guest is known by the email address given."""
    bookings_address_per_minute: int = Field(default=1200, ge=1)
    """Guests of one network address, per event: a whole venue may be behind it."""


class Queues(Group):
    """T3, T4: the QR invites of lines, and how many may join."""

    invite_rotate_seconds: int = Field(default=60, ge=5)
    """A staff screen shows each invite for so long at most; a claim ends that at once."""
    invite_valid_seconds: int = Field(default=600, ge=30)
    """How long the page behind an invite may be open before it is sent."""
    joins_per_minute: int = Field(default=30, ge=1)
    """From one network address, per line. Whom staff enter is not counted."""

    @model_validator(mode="after")
    def _outlive_the_screen(self) -> Self:
        if self.invite_valid_seconds < self.invite_rotate_seconds:
            raise ValueError("USHER_INVITE_VALID_SECONDS is shorter than USHER_INVITE_ROTATE_SECONDS")
        return self


class Payments(Group):
    providers: str = "sandbox"
    """Enabled providers, separated by commas. Each needs its secrets, else start-up refuses."""
    provider_timeout_seconds: float = Field(default=10.0, gt=0)
    poll_after_seconds: float = Field(default=60.0, gt=0)
    """An open payment is read from its provider when nothing was heard for this long."""
    sandbox_webhook_secret: SecretStr = SecretStr("whsec_c2FuZGJveC1kZXZlbG9wbWVudC1vbmx5")
    stripe_api_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_api_url: str = "https://api.stripe.com"
    stripe_account: str = ""
    """The account our events must come from; empty accepts the key's own."""

    @property
    def enabled(self) -> list[str]:
        return [name.strip() for name in self.providers.split(",") if name.strip()]


class Work(Group):
    """The worker process."""

    sweep_seconds: float = Field(default=1.0, gt=0)
    sweep_batch: int = Field(default=250, ge=1)
    relay_idle_seconds: float = Field(default=0.25, gt=0)
    job_timeout_seconds: int = Field(default=30, ge=1, le=30)
    job_tries: int = Field(default=10, ge=1)
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of the worker's own metrics on loopback; 0 switches it off."""


class Identity(Group):
    """Who else vouches for people."""

    google_client_ids: str = ""
    """Ours at Google, separated by commas. Empty switches signing in with Google off."""
    google_issuers: str = "https://accounts.google.com,accounts.google.com"
    google_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    recaptcha_secret: SecretStr = SecretStr("")
    """Empty: sign-up asks for no reCAPTCHA."""
    recaptcha_url: str = "https://www.google.com/recaptcha/api/siteverify"
    recaptcha_score: float = Field(default=0.5, ge=0, le=1)
    recaptcha_hostnames: str = ""
    identity_timeout_seconds: float = Field(default=5.0, gt=0)


class Photos(Group):
    """Profile photos: how large, and where they are kept."""

    photo_max_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    photo_max_pixels: int = Field(default=25_000_000, ge=1)
    photos_at_once: int = Field(default=2, ge=1)
    photos_waiting: int = Field(default=100, ge=0)
    photo_store: Literal["directory", "s3"] = "directory"
    photo_directory: str = ".data/photos"
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_endpoint: str = ""
    """Empty: Amazon's own."""
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")


class Mail(Group):
    """How mail leaves, and how much of it may be asked for."""

    email: Literal["file", "smtp"] = "file"
    """``file`` delivers nothing: it puts each letter into ``email_directory``."""
    email_directory: str = ".data/mail"
    email_from: str = "Usher <usher@localhost>"
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_encryption: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_timeout_seconds: float = Field(default=10.0, gt=0)
    mails_per_hour: int = Field(default=5, ge=1)
    """Verification and reset mails to one mailbox, whoever asks for them."""
    mails_address_per_hour: int = Field(default=120, ge=1)
    """Mails asked for, and links followed, from one network address."""
    verify_days: int = Field(default=7, ge=1, le=30)
    reset_minutes: int = Field(default=60, ge=5, le=1440)

    @model_validator(mode="after")
    def _name_a_server(self) -> Self:
        if self.email == "smtp" and not self.smtp_host:
            raise ValueError("USHER_EMAIL is smtp, so USHER_SMTP_HOST must name a server")
        return self


class Sms(Group):
    """How texts leave, and how many of them somebody can set off. ``day``: any 24 hours."""

    sms_provider: Literal["file", "twilio", "none"] = "file"
    """``file`` delivers nothing: it puts each text into ``sms_directory``. ``none``: mail only."""
    sms_directory: str = ".data/texts"
    sms_from: str = ""
    """A number of ours as E.164, a short code, or a name where phone companies allow one."""
    twilio_url: str = "https://api.twilio.com"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_timeout_seconds: float = Field(default=10.0, gt=0)
    texts_number_per_day: int = Field(default=20, ge=1)
    texts_address_per_day: int = Field(default=1000, ge=1)
    """Set off from one network address, to whatever numbers; a whole venue may be behind it."""
    texts_line_per_day: int = Field(default=3000, ge=1)
    texts_per_day: int = Field(default=10_000, ge=1)
    """All lines together: what a flood costs at most."""
    line_mails_per_day: int = Field(default=40, ge=1)
    """Mails about lines to one mailbox."""
    line_mails_address_per_day: int = Field(default=3000, ge=1)
    """Set off from one network address, to whatever mailboxes."""

    @model_validator(mode="after")
    def _have_an_account(self) -> Self:
        needed = {
            "USHER_SMS_FROM": self.sms_from,
            "USHER_TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "USHER_TWILIO_AUTH_TOKEN": self.twilio_auth_token.get_secret_value(),
        }
        missing = [name for name, value in needed.items() if not value]
        if self.sms_provider == "twilio" and missing:
            raise ValueError(f"USHER_SMS_PROVIDER is twilio, which needs {', '.join(missing)}")
        return self


class Privacy(Group):
    """How long personal data stays."""

    contact_days: int = Field(default=365, ge=0)
    """After its event an order forgets who it was for, unless an account owns it. 0: never."""
    line_contact_days: int = Field(default=30, ge=0)
    """After its end a token forgets how its holder was reached. 0: never."""
    audit_days: int = Field(default=0, ge=0)
    """How long the audit keeps an entry. 0: for good."""


class Settings:
    """All groups, read once at start-up and passed down."""

    def __init__(
        self,
        *,
        runtime: Runtime | None = None,
        security: Security | None = None,
        mongo: Mongo | None = None,
        redis: Redis | None = None,
        sales: Sales | None = None,
        queues: Queues | None = None,
        payments: Payments | None = None,
        work: Work | None = None,
        identity: Identity | None = None,
        photos: Photos | None = None,
        mail: Mail | None = None,
        sms: Sms | None = None,
        privacy: Privacy | None = None,
    ) -> None:
        self.runtime = runtime or Runtime()
        self.security = security or Security()
        self.mongo = mongo or Mongo()
        self.redis = redis or Redis()
        self.sales = sales or Sales()
        self.queues = queues or Queues()
        self.payments = payments or Payments()
        self.work = work or Work()
        self.identity = identity or Identity()
        self.photos = photos or Photos()
        self.mail = mail or Mail()
        self.sms = sms or Sms()
        self.privacy = privacy or Privacy()
        self._refuse_defaults_in_production()

    def _refuse_defaults_in_production(self) -> None:
        if self.runtime.env != "production":
            return
        if DEVELOPMENT_KEY in self.security.secret_keys.get_secret_value():
            raise ValueError("USHER_SECRET_KEYS is the development default; set your own")
        if "sandbox" in self.payments.enabled:
            raise ValueError("USHER_PROVIDERS names the sandbox, which takes no real money")
        if self.mail.email == "file":
            raise ValueError("USHER_EMAIL is file, which delivers nothing; set it to smtp")
        if self.sms.sms_provider == "file":
            raise ValueError("USHER_SMS_PROVIDER is file, which delivers nothing; set it to twilio or none")
