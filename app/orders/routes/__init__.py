"""Where orders meet HTTP: booking, the desk, and the way to pay."""

from app.orders.routes.booking import router as booking_router
from app.orders.routes.checkout import router as checkout_router
from app.orders.routes.desk import router as desk_router
from app.orders.routes.stats import router as stats_router

__all__ = ["booking_router", "checkout_router", "desk_router", "stats_router"]
