"""Where a payment page leads back to: the order, for whoever has its secret."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.web.page import PAGES, shown


def mount_order_page(app: FastAPI) -> None:
    pages = PAGES / "order"
    app.mount("/orders/assets", StaticFiles(directory=pages), name="order-assets")
    app.add_api_route("/orders/{order_id}", shown(pages / "order.html"), include_in_schema=False)
