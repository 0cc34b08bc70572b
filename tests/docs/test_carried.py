"""`serve` carries and refuses what the texts say it carries and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from iii_codegen.driver import run
from tests.docs.contracts import write_contract
from tests.docs.pages import DOCS, Block, blocks

PAGE = DOCS / "contract-options.md"
SHOWN = [
    block
    for name in ("contract-options.md", "concepts.md")
    for block in blocks(DOCS / name)
    if block.language == "proto"
]

_CARRIED_RULES = [
    *(f'{verb}: "/v1/a/{{sku}}"' for verb in ("get", "put", "post", "delete", "patch")),
    'custom: { kind: "HEAD" path: "/v1/a/{sku}" }',
    'post: "/v1/a" body: "*"',
    'get: "/v1/a"',
    'post: "/v1/a" body: "receipt"',
    'post: "/v1/a" body: "*" response_body: "order_id"',
    'get: "/v1/a/{receipt.order_id}"',
    'get: "/v1/a/{sku=items/*}"',
    'get: "/v1/a/{sku=items/**}"',
    'post: "/v1/a:find" body: "*"',
]


def _rule(rule: str, mark: str) -> Block:
    text = f"rpc Place(PlaceRequest) returns (Receipt) {{ option (google.api.http) = {{ {rule} }}; }}\n"
    return Block(PAGE, 0, "proto", mark, text)


_RAW = (
    "rpc Raw(iii_bridge.v1.HttpRequest) returns (iii_bridge.v1.HttpResponse) "
    '{ option (google.api.http) = { get: "/raw" }; }\n'
)
_STREAMS = [
    "rpc Watch(PlaceRequest) returns (stream Receipt);\n",
    "rpc Upload(stream PlaceRequest) returns (Receipt);\n",
    "rpc Chat(stream PlaceRequest) returns (stream Receipt);\n",
]
CASES = [
    *SHOWN,
    *(_rule(rule, "compile") for rule in _CARRIED_RULES),
    Block(PAGE, 0, "proto", "compile", _RAW),
    *(Block(PAGE, 0, "proto", "compile", stream) for stream in _STREAMS),
]

# Serves the one service of each package named, with handlers that do nothing, and says how that went. Nothing fires: it
# is enough that somebody takes the bindings.
_SCRIPT = """
import asyncio, importlib, json, pkgutil, sys
import iii_bridge.v1  # its services are known before any is looked for
from iii_bridge import UnsupportedError, connect
from iii_bridge.abi.v1 import Service
from iii_bridge.engine import Engine, HttpSecurity

async def nothing(self, request, context, /):
    raise AssertionError("nobody calls")

async def stream(self, request, context, /):
    raise AssertionError("nobody calls")
    yield

def handler(method):
    return stream if method.kind.value in ("server_stream", "bidi_stream") else nothing

async def outcome(package, url):
    known = set(Service.__subclasses__())
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        importlib.import_module(found.name)
    (base,) = set(Service.__subclasses__()) - known
    service = type("Served", (base,), {m.name: handler(m) for m in base._service.methods})
    async with connect(url, worker_name=package) as bridge:
        try:
            await bridge.serve(service())
        except UnsupportedError as error:
            return {"refused": str(error)}
    return {"served": base._service.full_name}

async def main():
    endpoints = HttpSecurity(block_private_ips=False)  # nothing is called, and no name is looked up
    async with Engine(http_functions=endpoints) as engine, connect(engine.url, worker_name="provider") as provider:
        for trigger_type in "cron durable:subscriber state stream stream:join subscribe webhook".split():
            provider.register_trigger_type(trigger_type)
        await provider.call("engine::workers::list")
        for package in sys.argv[1:]:
            print(json.dumps(await outcome(package, engine.url)))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What became of each case: one process for all, since most of the time goes into starting one."""
    root = tmp_path_factory.mktemp("carried")
    packages = [f"contracts_{number}" for number in range(len(CASES))]
    for number, (block, package) in enumerate(zip(CASES, packages, strict=True)):
        folder = root / f"project_{number}"
        write_contract(folder / "proto", block, f"docs.snippet{number}.v1")
        (folder / "pyproject.toml").write_text(
            f'[tool.iii-bridge]\nschemas = false\n[tool.iii-bridge.python]\nout = "out/{package}"\n'
        )
        said: list[str] = []
        assert run(folder, check=False, out=said.append, err=said.append) == 0, said
    paths = [str(root / f"project_{number}" / "out") for number in range(len(CASES))]
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", _SCRIPT, *packages],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("III_")},
            "PYTHONPATH": os.pathsep.join(paths),
            "RECEIPTS_SECRET": "of the engine",
        },
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[block.place if block.line else block.text.strip() for block in CASES]
)
def test_serve_does_as_the_text_says(number: int, outcomes: list[dict[str, str]]) -> None:
    outcome = outcomes[number]
    if CASES[number].mark == "refused":
        assert f"docs.snippet{number}.v1." in outcome["refused"], outcome
        assert "is not carried by serve yet" in outcome["refused"]
    else:
        assert outcome["served"].startswith(f"docs.snippet{number}.v1."), outcome


def test_the_text_shows_enough() -> None:
    assert [block.mark for block in SHOWN].count("compile") >= 10
