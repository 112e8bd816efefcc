"""A local server that takes text messages as Twilio does, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.stripe_server import listening_socket, serving

SID, TOKEN, SENDER = "AC00000000000000000000000000000001", "a-token-of-twilio", "+15005550006"
_RIGHT = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()


@dataclass(frozen=True)
class Sms:
    sid: str
    sender: str
    to: str
    text: str


@dataclass
class TwilioServer:
    """``next``: what the next requests get instead of being taken. A status with Twilio's code, such as
    ``400 21211``; ``keep`` takes the message and breaks the connection before saying so; ``keep_and_hang``
    takes it and says nothing."""

    url: str = ""
    messages: list[Sms] = field(default_factory=list)
    next: list[str] = field(default_factory=list)
    asked: int = 0
    taken: asyncio.Event = field(default_factory=asyncio.Event)

    def to(self, number: str) -> list[str]:
        return [message.text for message in self.messages if message.to == number]

    def empty(self) -> None:
        self.messages.clear()
        self.next.clear()
        self.taken.clear()
        self.asked = 0

    def app(self) -> Starlette:
        path = "/2010-04-01/Accounts/{sid}/Messages.json"
        return Starlette(routes=[Route(path, self._create, methods=["POST"])])

    async def _create(self, request: Request) -> Response:
        self.asked += 1
        if request.headers.get("authorization") != _RIGHT or request.path_params["sid"] != SID:
            return _refused(401, 20003)
        form = await request.form()
        if not all(form.get(name) for name in ("From", "To", "Body")):
            return _refused(400, 21604)
        how = self.next.pop(0) if self.next else ""
        if how and not how.startswith("keep"):
            status, _, code = how.partition(" ")
            return _refused(int(status), int(code or 0))
        taken = self._take(str(form["From"]), str(form["To"]), str(form["Body"]))
        if how == "keep_and_hang":
            await asyncio.sleep(60)
        if how == "keep":
            return Response(status_code=200, headers={"Content-Length": "1000"})  # The rest never comes.
        body = {"sid": taken.sid, "status": "queued", "to": taken.to, "body": taken.text}
        return JSONResponse(body, 201)

    def _take(self, sender: str, to: str, text: str) -> Sms:
        message = Sms(f"SM{len(self.messages):032}", sender, to, text)
        self.messages.append(message)
        self.taken.set()
        return message


@asynccontextmanager
async def twilio_server() -> AsyncIterator[TwilioServer]:
    """On loopback, in this process and loop."""
    listener = listening_socket()
    twilio = TwilioServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    async with serving(twilio.app(), listener):
        yield twilio


def _refused(status: int, code: int) -> Response:
    """Twilio's words quote what it was sent; so do these."""
    return JSONResponse(
        {"code": code, "message": "The 'To' number +15550000000 ...", "status": status}, status
    )
