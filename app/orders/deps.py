from __future__ import annotations

from typing import Annotated

from app.core.web.provide import provided
from app.orders.presenter import Presenter
from app.orders.service.checkout import CheckoutService
from app.orders.service.desk import Desk
from app.orders.service.feed import Feed
from app.orders.service.holds import HoldService

Holds = Annotated[HoldService, provided(HoldService)]
OrderDesk = Annotated[Desk, provided(Desk)]
Checkouts = Annotated[CheckoutService, provided(CheckoutService)]
Present = Annotated[Presenter, provided(Presenter)]
Feeds = Annotated[Feed, provided(Feed)]
