"""What is nobody's business is in no log: an engine process that logs all it can, and much that goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tests.engine.support import BareWorker
from tests.http_endpoint import endpoint

SECRET = "hush-hush"
AUTH = {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}"}


async def calls(worker: BareWorker) -> None:
    """Payloads, results, metadata and errors, of calls that go wrong."""
    await worker.function("a::f", metadata={"key": SECRET})
    for data in ({"password": SECRET}, SECRET):
        asked = await worker.start("a::f", data, metadata={"key": SECRET}, baggage=f"k={SECRET}")
        await worker.answer(error={"code": "x", "message": SECRET, "stacktrace": SECRET})
        assert (await worker.receive("invocationresult"))["invocation_id"] == asked
    await worker.call("a::none", {"password": SECRET})
    await worker.call("state::set", {"scope": 7, "value": SECRET})
    await worker.call(
        "state::update", {"scope": "s", "key": "k", "ops": [{"type": "increment", "path": "x", "by": SECRET}]}
    )
    await worker.send(type="invokefunction", function_id="a::f", data={"password": SECRET}, action={"type": "void"})
    await worker.answer(error={"code": "x", "message": SECRET})
    await worker.socket.send(f'{{"type":"invokefunction","function_id":"a::f","data":"{SECRET}')
    await worker.send(type="registerfunction", id=7, metadata={"key": SECRET})
    await worker.socket.send(b"LOGS{" + SECRET.encode())
    await worker.send(type="reattach", previous_worker_id=worker.id, reattach_token=SECRET)
    await worker.barrier()


async def events(worker: BareWorker, sender: BareWorker) -> None:
    """Handlers of triggers that fail with a text of their own, and configs that are refused."""
    bad = {"code": "x", "message": SECRET}
    await worker.trigger("s", "state", "a::f", {"scope": "s"}, metadata={"key": SECRET})
    await worker.trigger("p", "subscribe", "a::f", {"topic": "t"})
    await worker.trigger("w", "engine::workers-available", "a::f", {})
    await worker.trigger("q", "durable:subscriber", "a::f", {"topic": "t", "queue_config": {"maxRetries": 0}})
    await worker.trigger("c", "cron", "a::f", {"expression": "* * * * * *", "key": SECRET})
    await worker.trigger("r", "http", "a::f", {"api_path": 7, "key": SECRET})
    await sender.start("state::set", {"scope": "s", "key": "k", "value": SECRET})
    await sender.start("publish", {"topic": "t", "data": SECRET})
    await sender.start("iii::durable::publish", {"topic": "t", "data": SECRET})
    await (await BareWorker.connect(SimpleNamespace(url=worker_url(worker)))).close()  # type: ignore[arg-type]
    for _ in range(6):
        await worker.answer(error=bad)
    for trigger_id in "spwqc":
        await worker.send(type="unregistertrigger", id=trigger_id)
    await worker.barrier()


def worker_url(worker: BareWorker) -> str:
    host, port = worker.socket.remote_address[:2]
    return f"ws://{host}:{port}"


async def endpoints(worker: BareWorker, url: str) -> None:
    """Credentials of endpoints that fail, that are not there, and that no header can hold."""
    auths: list[Any] = [{"type": "bearer", "token_key": "GOOD"}, {"type": "bearer", "token_key": "BROKEN"}]
    auths += [{"type": "api_key", "header": "X-Key", "value_key": "GOOD"}, {"type": "hmac", "secret_key": "GOOD"}]
    headers = [{}, {"X-Own": SECRET}, {"X-Own": f"{SECRET}\n"}]
    for number, (auth, own) in enumerate((auth, own) for auth in auths for own in headers):
        for place in (f"{url}/x?token={SECRET}", f"http://127.0.0.1:9/?token={SECRET}"):
            invocation = {"url": place, "headers": own, "auth": auth}
            await worker.send(type="registerfunction", id=f"http::{number}", invocation=invocation)
            error = (await worker.call(f"http::{number}", {"password": SECRET}))["error"]
            assert SECRET not in json.dumps(error), error


async def browsers(worker: BareWorker, http_url: str, streams: str) -> None:
    """Requests and sockets with credentials."""
    await worker.trigger("h", "http", "a::f", {"api_path": "/f", "http_method": "POST"})
    async with httpx.AsyncClient(base_url=http_url, headers=AUTH, trust_env=False) as client:
        asked = asyncio.create_task(client.post(f"/f?token={SECRET}", json={"password": SECRET}))
        await worker.answer(error={"code": "x", "message": "no"})
        assert (await asked).status_code == 500
        await client.get(f"/none?token={SECRET}")
    for url in (streams, worker_url(worker)):
        async with connect(f"{url}/?token={SECRET}", additional_headers=AUTH) as socket:
            await socket.send(f'{{"type":"join","data":"{SECRET}"}}')
            await socket.send(f'{{"type":"{SECRET}')
    channel = (await worker.call("engine::channels::create", {}))["result"]["reader"]
    async with connect(
        f"{worker_url(worker)}/ws/channels/{channel['channel_id']}?key={channel['access_key']}&dir=write"
    ) as end:
        await end.send(SECRET)


def test_no_log_has_a_payload_or_a_credential(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "iii_bridge",
        "engine",
        "--port",
        "0",
        "--http-port",
        "0",
        "--data-dir",
        str(tmp_path),
    ]
    environment = {**os.environ, "GOOD": SECRET, "BROKEN": f"{SECRET}\n"}
    process = subprocess.Popen(
        [*command, "--verbose", "--allow-private-endpoints"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    url, http_url, streams = re.findall(r"(?:ws|http)://\S+", process.stdout.readline())

    async def everything() -> list[str]:
        worker = await BareWorker.join(SimpleNamespace(url=url), "w")  # type: ignore[arg-type]
        await calls(worker)
        sender = await BareWorker.join(SimpleNamespace(url=url))  # type: ignore[arg-type]
        await events(worker, sender)
        await sender.close()
        with endpoint(lambda asked: (500, json.dumps({"error": {"code": "x", "message": "no"}}).encode())) as site:
            await endpoints(worker, site.url)
        await browsers(worker, http_url, streams)
        await worker.close()
        return [SECRET, worker.token]

    try:
        hidden = asyncio.run(asyncio.wait_for(everything(), 120))
    finally:
        process.terminate()
        out, log = process.communicate(timeout=30)
    assert "a::f failed" in log, "there is a log, and it tells of failures"
    for secret in hidden:
        assert secret not in out + log, log
