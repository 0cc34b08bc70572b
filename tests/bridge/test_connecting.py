"""connect(): where to, as whom, and what it waits for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from iii_bridge import ConnectionLostError, LocalProtocolError, connect
from tests.bridge.support import bench, run_really


def connect_to_recorder(**options: Any) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What a server sees of `connect(**options)`: the handshake's headers and the frames."""
    headers: dict[str, str] = {}
    frames: list[dict[str, Any]] = []

    async def engine(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers.update(connection.request.headers.raw_items())
        await connection.send(json.dumps({"type": "workerregistered", "worker_id": "w", "reattach_token": "t"}))
        async for message in connection:
            frame = json.loads(message)
            frames.append(frame)
            if "invocation_id" in frame:
                ids = {"invocation_id": frame["invocation_id"], "function_id": frame["function_id"]}
                await connection.send(json.dumps({"type": "invocationresult", **ids, "result": {"success": True}}))

    async def main() -> None:
        async with serve(engine, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connect(url, **options) as bridge:
                assert bridge.connected

    run_really(main())
    return headers, frames


def test_the_first_frames_say_who_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("III_WORKER_NAME", "from-env")
    monkeypatch.setenv("III_NAMESPACE", "shop")
    _, frames = connect_to_recorder()
    first, second = frames[:2]
    assert first["function_id"] == "engine::workers::register"
    assert (first["action"], first["namespace"]) == ({"type": "void"}, "default")
    assert "invocation_id" not in first
    assert (first["data"]["name"], first["data"]["namespace"]) == ("from-env", "shop")
    assert (second["function_id"], second["data"]) == (first["function_id"], first["data"])
    assert None not in first["data"].values(), "absent members are left out, never null"


@pytest.mark.parametrize(
    ("token", "options", "sent"),
    [
        (None, {}, None),
        ("secret", {}, "Bearer secret"),
        ("secret", {"headers": {"Authorization": "Basic mine"}}, "Basic mine"),
    ],
)
def test_the_token_travels_in_the_handshake(
    monkeypatch: pytest.MonkeyPatch, token: str | None, options: dict[str, Any], sent: str | None
) -> None:
    monkeypatch.delenv("III_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("III_TOKEN", token)
    headers, _ = connect_to_recorder(worker_name="w", **options)
    assert headers.get("Authorization") == sent


def test_the_url_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with bench() as b:
            monkeypatch.setenv("III_URL", b.engine.url)
            async with connect(worker_name="w") as bridge:
                assert bridge.url == b.engine.url

    run_really(main())


def test_mistakes_are_told_when_connecting() -> None:
    async def main() -> None:
        with pytest.raises(LocalProtocolError, match="namespace is blank"):
            await connect(namespace=" ")
        with pytest.raises(LocalProtocolError, match="write ws://host:port"):
            await connect("http://127.0.0.1:1")

    run_really(main())


def test_leaving_before_it_is_open_leaves_nothing_behind() -> None:
    async def main() -> None:
        connecting = asyncio.ensure_future(connect("ws://127.0.0.1:1", connect_timeout=60))
        await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        left = {task.get_name() for task in asyncio.all_tasks()}
        assert not {name for name in left if name.startswith("iii-bridge")}
        with pytest.raises(ConnectionLostError, match="last failure"):
            await connect("ws://127.0.0.1:1", connect_timeout=0.05)

    run_really(main())
