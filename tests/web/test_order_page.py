"""The page a payment leads back to."""

from __future__ import annotations

import re

from app.web.page import PAGES
from tests.e2e.conftest import House
from tests.e2e.conftest import house as house


async def test_the_page_is_ours_alone_and_the_same_for_every_order(house: House) -> None:
    page = await house.client.get("/orders/ord_01M7WPXXP5AAYKD6XBSCBP1RVS")
    other = await house.client.get("/orders/whatever")
    assert page.status_code == 200
    assert page.content == other.content
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?://", page.text)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert (await house.client.get(f"/orders/{path}")).status_code == 200


def test_its_script_writes_text_and_keeps_nothing() -> None:
    script = (PAGES / "order" / "order.js").read_text()
    for unsafe in ("innerHTML", "outerHTML", "document.write", "eval(", "localStorage", "sessionStorage"):
        assert unsafe not in script
