"""One request between ASGI and channels, without a server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.engine.channels import Channel, ChannelGone
from iii_bridge.engine.http_answer import Answer
from iii_bridge.engine.http_exchange import ClientGone, Exchange, RequestBody, ResponseStream
from tests.engine.support import asynchronous


class Client:
    """The other side of ASGI: gives events, keeps what was sent."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.events = list(events)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> Any:
        if not self.events:
            await asyncio.Event().wait()  # a client that stays and says no more
        return self.events.pop(0)

    async def send(self, event: Any) -> None:
        self.sent.append(event)


def body(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def exchange(
    client: Client, *headers: tuple[bytes, bytes], method: str = "POST", path: bytes = b"/a%2Fb?x"
) -> Exchange:
    scope = {"method": method, "path": "/decoded", "raw_path": path, "query_string": b"x", "headers": list(headers)}
    return Exchange(scope, client.receive, client.send)


JSON = (b"content-type", b"application/json")


def test_the_path_is_raw_and_headers_are_lower_case_last_wins() -> None:
    made = exchange(Client(), (b"X-A", b"1"), (b"x-a", b"2"), (b"x-b", b"\xe9"))
    assert made.path == "/a%2Fb"
    assert made.headers() == {"x-a": "2", "x-b": ""}
    assert made.header("x-a") == "2"
    assert made.header("x-c") is None


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b'{"a":', b"1}"], b'{"a":1}'),
        ([b""], b"null"),
        ([b"{broken"], b"null"),
        ([b'{"a":"\xff"}'], b"null"),
        ([b"1e999"], b"1e999"),
        ([b"[" * 100_000], b"null"),
    ],
)
@asynchronous
async def test_a_json_body(parts: list[bytes], expected: bytes) -> None:
    client = Client(*(body(part, more=True) for part in parts[:-1]), body(parts[-1]))
    channel = Channel(4)
    assert bytes(await RequestBody(exchange(client, JSON), channel).read()) == expected
    whole = b"".join(parts)
    assert await channel.get() == (whole or None)


@asynchronous
async def test_a_client_that_leaves_in_the_middle_of_its_body() -> None:
    client = Client(body(b"{", more=True), {"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        await RequestBody(exchange(client, JSON), Channel(4)).read()
    client = Client(body(b"x", more=True), {"type": "http.disconnect"})
    channel = Channel(4)
    assert await RequestBody(exchange(client), channel).read() == Raw(b"null")
    assert [await channel.get(), await channel.get()] == [b"x", None]


@asynchronous
async def test_a_body_nobody_reads_stops_with_the_answer() -> None:
    client = Client(*(body(b"x", more=True) for _ in range(10)))
    channel = Channel(2)
    request = RequestBody(exchange(client), channel)
    await request.read()
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(client.events) == 7
    request.stop()
    channel.drop()
    with pytest.raises(ChannelGone):
        await channel.put(b"y")


@asynchronous
async def test_a_stream_commits_with_its_first_byte() -> None:
    client, channel = Client(), Channel(8)
    stream = ResponseStream(channel)
    for item in ('{"type":"set_status","status_code":201}', b"a", '{"type":"set_status","status_code":500}', b"b"):
        await channel.put(item)
    channel.end()
    await stream.head()
    await stream.send_to(exchange(client))
    assert client.sent[0]["status"] == 201
    assert [event["body"] for event in client.sent[1:]] == [b"a", b"b", b""]
    assert [event["more_body"] for event in client.sent[1:]] == [True, True, False]


@asynchronous
async def test_a_client_that_leaves_ends_the_stream() -> None:
    client, channel = Client(body(b"unread"), {"type": "http.disconnect"}), Channel(1)
    stream = ResponseStream(channel)
    await channel.put(b"a")
    await stream.head()
    await asyncio.wait_for(stream.send_to(exchange(client)), 5)
    with pytest.raises(ChannelGone):
        await channel.put(b"b")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_drops_the_stream(status: int) -> None:
    async def run() -> list[dict[str, Any]]:
        client, channel = Client(), Channel(8)
        stream = ResponseStream(channel)
        for item in (json.dumps({"type": "set_status", "status_code": status}), b"a"):
            await channel.put(item)
        await stream.head()
        await stream.send_to(exchange(client))
        return client.sent

    sent = asyncio.run(run())
    assert sent[0]["status"] == status
    assert [event["body"] for event in sent[1:]] == [b""]


@asynchronous
async def test_a_status_that_is_no_final_one_is_ignored() -> None:
    client, channel = Client(), Channel(8)
    stream = ResponseStream(channel)
    await channel.put('{"type":"set_status","status_code":101}')
    channel.end()
    await stream.head()
    await stream.send_to(exchange(client))
    assert client.sent[0]["status"] == 200


@asynchronous
async def test_head_answers_carry_no_body_and_a_begun_answer_cannot_be_replaced() -> None:
    client = Client()
    made = exchange(client, method="HEAD")
    await made.answer(Answer(200, [], b"text"))
    assert client.sent[1]["body"] == b""
    assert (b"content-length", b"4") in client.sent[0]["headers"]
    with pytest.raises(ConnectionError):
        await made.fail(Answer(500, []))
