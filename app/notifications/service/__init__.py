"""What notifications do, split by verb."""

from app.notifications.service.letters import Letters
from app.notifications.service.limits import Rationing
from app.notifications.service.line_letters import LineLetters
from app.notifications.service.post import Post
from app.notifications.service.ways import Ways
from app.notifications.service.writing import Writing

__all__ = ["Letters", "LineLetters", "Post", "Rationing", "Ways", "Writing"]
