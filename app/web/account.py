"""Where links in mails lead: two small pages."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.web.page import PAGES, shown


def mount_account_pages(app: FastAPI) -> None:
    pages = PAGES / "account"
    app.mount("/account/assets", StaticFiles(directory=pages), name="account-assets")
    for name in ("verify", "reset"):
        app.add_api_route(f"/account/{name}", shown(pages / f"{name}.html"), include_in_schema=False)
