"""What notifications keep: what is owed to whom, and how much one may get."""

from app.notifications.repository.caps import Caps
from app.notifications.repository.mails import Mails

__all__ = ["Caps", "Mails"]
