"""The load generator asks what it was told to ask and counts what it was answered."""

from __future__ import annotations

import asyncio
import json

import pytest

from bench.load import NUMBER_MARK, TOKEN_MARK, Load, get, post, run

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


class Listener:
    """Answers every request alike and keeps them."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.bodies: list[dict[str, str]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = head.partition("Content-Length: ")[2].partition("\r")[0]
                self.bodies.append(json.loads(await reader.readexactly(int(length))))
                writer.write(ANSWER[:30])
                await asyncio.sleep(0)
                writer.write(ANSWER[30:])
        except asyncio.IncompleteReadError:
            writer.close()


async def test_each_request_is_sent_once_with_its_own_number_and_token() -> None:
    listener = Listener()
    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    async with server:
        headers = {"Authorization": f"Bearer {TOKEN_MARK}"}
        template = post("/things", {"name": f"thing {NUMBER_MARK}"}, headers)
        load = Load(template, connections=3, requests=10, tokens=["a", "b"], first=5)
        outcome = await run(load, server.sockets[0].getsockname()[1])
    assert outcome.statuses == {"201": 10}
    assert sorted(body["name"] for body in listener.bodies) == [f"thing {n:09d}" for n in range(5, 15)]
    assert sum("Bearer a\r" in head for head in listener.heads) == 5


async def test_another_answer_than_expected_spoils_a_rate() -> None:
    server = await asyncio.start_server(Listener(), "127.0.0.1", 0)
    async with server:
        outcome = await run(Load(post("/", {"a": "b"}), 1, requests=1), server.sockets[0].getsockname()[1])
    assert outcome.rate("201") > 0
    with pytest.raises(AssertionError):
        outcome.rate("200")


def test_a_request_without_a_body_says_nothing_about_one() -> None:
    assert get("/x") == "GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
