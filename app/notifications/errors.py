"""How sending can fail. The difference is whether it may be tried again without sending twice."""

from __future__ import annotations

from app.core.errors import Problem, Transient


class MailAway(Transient):
    """Certainly not delivered; later it may be."""

    code, title = "mail_away", "The provider takes nothing now"


class MailUnsure(MailAway):
    """The connection broke after it was handed over and before the provider said that it has it."""

    code, title = "mail_unsure", "The provider did not say whether it took it"


class MailRefused(Problem):
    """Certainly not delivered, and trying again will not help."""

    code, title = "mail_refused", "The provider will not take this"
