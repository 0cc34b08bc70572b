"""The five minutes of the README: its contract, worker, caller and request, as they are printed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import httpx

from iii_bridge.engine import Engine
from iii_codegen.driver import run
from tests.docs.contracts import write_contract
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "README.md"


def _script(name: str) -> str:
    """The block below the line that names the file."""
    lines = PAGE.read_text().splitlines()
    above = next(number for number, line in enumerate(lines) if f"`{name}`" in line)
    return next(block.text for block in blocks(PAGE) if block.language == "python" and block.line > above)


async def _start(directory: Path, name: str, url: str) -> asyncio.subprocess.Process:
    (directory / name).write_text(_script(name))
    return await asyncio.create_subprocess_exec(
        sys.executable, name, cwd=directory, env={**os.environ, "III_URL": url}, stdout=asyncio.subprocess.PIPE
    )


async def _answer(address: str, body: str) -> str:
    """What the route answers once it exists."""
    async with httpx.AsyncClient() as client:
        while True:
            answer = await client.post(address, content=body, headers={"content-type": "application/json"})
            if answer.status_code != 404:
                return answer.text
            await asyncio.sleep(0.05)


def test_they_work_as_printed(tmp_path: Path) -> None:
    contract = next(block for block in blocks(PAGE) if block.mark == "contract")
    write_contract(tmp_path / "proto", contract)
    assert run(tmp_path, check=False, out=print, err=print) == 0
    console = next(block.text for block in blocks(PAGE) if block.language == "console")
    route, body = (re.search(pattern, console) for pattern in (r"http://\S+?(/\S+)", r"-d '(.*?)'"))
    assert route is not None
    assert body is not None
    assert json.loads(body[1]) == {"name": "bob"}

    async def main() -> None:
        async with asyncio.timeout(60), Engine() as engine:
            worker = await _start(tmp_path, "worker.py", engine.url)
            try:
                assert f"\n{await _answer(engine.http_url + route[1], body[1])}\n" in console
                caller = await _start(tmp_path, "caller.py", engine.url)
                output, _ = await caller.communicate()
                assert caller.returncode == 0
                assert f"caller.py\n{output.decode()}$" in console
            finally:
                worker.terminate()
                await worker.wait()

    asyncio.run(main())
