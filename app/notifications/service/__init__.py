"""What notifications do, split by verb."""

from app.notifications.service.letters import Letters
from app.notifications.service.post import Post

__all__ = ["Letters", "Post"]
