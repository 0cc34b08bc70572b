"""The WebSocket transport against a WebSocket server."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from iii_bridge.aio import line, websocket
from iii_bridge.aio.line import Line
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.channel import ChannelRef

Handle = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handle) -> AsyncIterator[str]:
    async with serve(handle, "127.0.0.1", 0, max_size=None, ping_interval=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


class Asked:
    """A line that is asked for its messages."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._arrived: asyncio.Queue[str | TransportClosed] = asyncio.Queue()
        line.start(self._arrived.put_nowait, self._arrived.put_nowait)

    async def recv(self) -> str:
        """The next message; raises the end."""
        arrived = await self._arrived.get()
        if isinstance(arrived, TransportClosed):
            self._arrived.put_nowait(arrived)
            raise arrived
        return arrived


async def dial(url: str, headers: dict[str, str] | None = None) -> Asked:
    return Asked(await websocket.dial(url, headers or {}))


def run(main: Awaitable[None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await main

    asyncio.run(limited())


def test_text_goes_out_and_comes_back_one_by_one_and_many_at_once() -> None:
    async def main() -> None:
        async with listening(echo) as url:
            asked = await dial(url)
            asked.line.write(["ü".encode()])
            asked.line.write([b"1", b"2", b"3"])
            assert [await asked.recv() for _ in range(4)] == ["ü", "1", "2", "3"]
            await asked.line.close()
            with pytest.raises(TransportClosed):
                asked.line.write([b"late", b"later"])
            with pytest.raises(TransportClosed):
                await asked.recv()
            await asked.line.close()

    run(main())


def test_what_came_before_anybody_listened_is_kept_and_so_is_the_end() -> None:
    async def main() -> None:
        async def greet(connection: ServerConnection) -> None:
            await connection.send("hello")

        async with listening(greet) as url:
            line = await websocket.dial(url, {})
            await line._connection.wait_closed()
            asked = Asked(line)
            assert await asked.recv() == "hello"
            with pytest.raises(TransportClosed, match=r"\[1000\]"):
                await asked.recv()

    run(main())


def test_headers_are_sent_and_nothing_is_compressed() -> None:
    async def main() -> None:
        seen: list[tuple[str | None, str | None]] = []

        async def look(connection: ServerConnection) -> None:
            assert connection.request is not None
            headers = connection.request.headers
            seen.append((headers.get("Authorization"), headers.get("Sec-WebSocket-Extensions")))

        async with listening(look) as url:
            asked = await dial(url, {"Authorization": "Bearer t"})
            with pytest.raises(TransportClosed):
                await asked.recv()
        assert seen == [("Bearer t", None)]

    run(main())


def test_a_large_message_leaves_in_fragments_of_one_mebibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        sizes: list[int] = []

        async def count(connection: ServerConnection) -> None:
            sizes.extend([len(fragment) async for fragment in connection.recv_streaming(decode=False)])
            await connection.send("whole")

        async with listening(count) as url:
            monkeypatch.setattr(line, "MAX_FRAME_BYTES", 2 * 1024 * 1024)
            asked = await dial(url)
            asked.line.write([b"x" * (3 * 1024 * 1024 + 5)])
            assert await asked.recv() == "whole"
            await asked.line.close()
        assert [size for size in sizes if size] == [1024 * 1024] * 3 + [5]

    run(main())


def test_fragments_of_the_peer_are_put_together_and_what_is_no_text_ends_the_connection() -> None:
    async def main() -> None:
        closes: list[int | None] = []

        async def pieces(connection: ServerConnection) -> None:
            await connection.send(["gr", "ü", "n"])
            await connection.send("whole")
            await connection.send(b"\xff", text=True)
            await connection.wait_closed()
            closes.append(connection.close_code)

        async with listening(pieces) as url:
            asked = await dial(url)
            assert [await asked.recv(), await asked.recv()] == ["grün", "whole"]
            with pytest.raises(TransportClosed):
                await asked.recv()
        assert closes == [1007]

    run(main())


def test_a_peer_that_does_not_read_congests_the_line_until_it_does() -> None:
    async def main() -> None:
        read = asyncio.Event()

        async def late(connection: ServerConnection) -> None:
            await read.wait()
            async for message in connection:
                if message == "last":
                    await connection.send("read")

        async with listening(late) as url:
            asked = await dial(url)
            while not asked.line.congested:
                asked.line.write([b"x" * 1024 * 1024])
            draining = asyncio.create_task(asked.line.drain())
            read.set()
            await draining
            assert not asked.line.congested
            asked.line.write([b"last"])
            assert await asked.recv() == "read"
            await asked.line.close()

    run(main())


def test_a_binary_message_arrives_as_text_that_is_no_frame() -> None:
    async def main() -> None:
        async def binary(connection: ServerConnection) -> None:
            await connection.send(b"OTLP\xff")

        async with listening(binary) as url:
            asked = await dial(url)
            assert await asked.recv() == "OTLP\ufffd"
            await asked.line.close()

    run(main())


def test_the_peers_close_code_and_reason_are_kept() -> None:
    async def main() -> None:
        async def leave(connection: ServerConnection) -> None:
            await connection.close(1012, "restarting")

        async with listening(leave) as url:
            asked = await dial(url)
            with pytest.raises(TransportClosed) as caught:
                await asked.recv()
            assert (caught.value.code, caught.value.reason) == (1012, "restarting")
            await asked.line.close()

    run(main())


def test_nobody_there_is_an_end_and_a_url_that_is_none_is_a_mistake() -> None:
    async def main() -> None:
        async with listening(echo) as url:
            pass
        with pytest.raises(TransportClosed, match=r"no engine answers at ws://.*start one.*(connect|Connect|refused)"):
            await websocket.dial(url, {})
        with pytest.raises(LocalProtocolError, match="ws://host:port"):
            await websocket.dial("http://127.0.0.1:1", {})

    run(main())


@pytest.mark.parametrize(
    "url",
    ["ws://h:99999", "ws://h:port", "ws://[::1", "http://me:secret@h", "ws://me:secret@h:x", "ws://me:a@secret@h:x"],
)
def test_a_url_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(LocalProtocolError, match="write ws://host:port") as caught:
        asyncio.run(websocket.dial(url, {}))
    assert "secret" not in "".join(traceback.format_exception(caught.value)[-1:])
    assert caught.value.__suppress_context__


def test_an_engine_that_is_away_is_named_without_secrets() -> None:
    async def main() -> None:
        with pytest.raises(TransportClosed) as caught:
            await websocket.dial("ws://me:secret@127.0.0.1:1/?token=secret", {})
        assert "ws://…@127.0.0.1:1/;" in caught.value.reason
        assert "secret" not in str(caught.value)

    run(main())


class Heard:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.items: list[bytes] = []
        self.ended = asyncio.Event()
        self.arrived = asyncio.Event()

    def item(self, data: bytes) -> None:
        self.items.append(data)
        self.arrived.set()

    def closed(self) -> None:
        assert not self.ended.is_set()
        self.ended.set()


REF = ChannelRef("a/b", "k&y", "read")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://h:1", "ws://h:1/ws/channels/a%2Fb?key=k%26y&dir=read"),
        ("ws://h:1/", "ws://h:1/ws/channels/a%2Fb?key=k%26y&dir=read"),
        ("wss://h/iii?token=t", "wss://h/iii/ws/channels/a%2Fb?token=t&key=k%26y&dir=read"),
    ],
)
def test_a_channels_url_keeps_what_a_gateway_needs(url: str, expected: str) -> None:
    assert websocket.channel_url(url, REF) == expected


def test_a_channel_hands_over_each_item_and_its_end() -> None:
    asked: list[tuple[str, str | None]] = []

    async def feed(connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        asked.append((request.path, request.headers.get("Authorization")))
        for item in ('{"n":1}', b"{}", "", ["{", '"n"', ":3}"]):
            await connection.send(item)
        assert await connection.recv() == '{"back":1}'
        assert await connection.recv() == "[]"
        await connection.close(1000)

    async def main() -> None:
        async with listening(feed) as url:
            heard = Heard()
            end = await websocket.dial_channel(url, {"Authorization": "Bearer t"}, REF, heard)
            await end.send_all([b'{"back":1}', b"[]"])
            await heard.ended.wait()
            assert heard.items == [b'{"n":1}', b"{}", b"", b'{"n":3}']
            assert asked == [("/ws/channels/a%2Fb?key=k%26y&dir=read", "Bearer t")]
            with pytest.raises(TransportClosed):
                await end.send_all([b"late"])
            await end.close()

    run(main())


def test_leaving_a_channel_waits_for_nobody() -> None:
    """The engine reads nothing from a reader, so it answers no farewell (wire.md 10)."""

    async def main() -> None:
        noticed = asyncio.Event()

        async def deaf(connection: ServerConnection) -> None:
            connection.transport.pause_reading()
            await connection.send("{}")
            connection.transport.resume_reading()
            await connection.wait_closed()
            noticed.set()

        async with listening(deaf) as url:
            heard = Heard()
            end = await websocket.dial_channel(url, {}, REF, heard)
            await heard.arrived.wait()
            end.pause()
            end.leave()
            await heard.ended.wait()
            await noticed.wait()
            end.leave()

    run(main())


def test_a_channel_that_is_not_there_is_an_error_and_no_end() -> None:
    async def main() -> None:
        async def refuse(connection: ServerConnection, request: object) -> object:
            return connection.respond(404, "Channel not found\n")

        async with serve(echo, "127.0.0.1", 0, process_request=refuse) as server:  # type: ignore[arg-type]
            heard = Heard()
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with pytest.raises(TransportClosed) as refused:
                await websocket.dial_channel(url, {}, REF, heard)
            assert "404" in str(refused.value)
            assert "k&y" not in str(refused.value), "the key is a secret"
            assert "k%26y" not in str(refused.value)
            assert not heard.ended.is_set()

    run(main())
