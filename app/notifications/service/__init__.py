"""What notifications do, split by verb."""

from app.notifications.service.letters import Letters
from app.notifications.service.limits import Rationing
from app.notifications.service.post import Post
from app.notifications.service.ways import Ways

__all__ = ["Letters", "Post", "Rationing", "Ways"]
