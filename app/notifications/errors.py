"""How sending can fail. The difference is whether it may be tried again without sending twice."""

from __future__ import annotations

from app.core.errors import Problem, Transient


class MailAway(Transient):
    """Certainly not delivered; later it may be."""

    code, title = "mail_away", "The mail server does not take mail now"


class MailUnsure(MailAway):
    """The connection broke after the letter was handed over and before the server said that it has it."""

    code, title = "mail_unsure", "The mail server did not say whether it took the mail"


class MailRefused(Problem):
    """Certainly not delivered, and trying again will not help."""

    code, title = "mail_refused", "The mail server will not take this mail"
