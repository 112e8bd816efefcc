"""Where lines meet HTTP: making them, joining them, and the counters."""

from app.queues.routes.counter import router as counter_router
from app.queues.routes.invites import router as invites_router
from app.queues.routes.services import router as services_router
from app.queues.routes.tokens import router as tokens_router

__all__ = ["counter_router", "invites_router", "services_router", "tokens_router"]
