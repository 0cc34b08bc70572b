"""What the Rust worker registers is what the Python worker registers for the same contract."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from typer.testing import CliRunner

from iii_bridge import Bridge, Context
from iii_bridge.cli.main import app
from iii_bridge.contract.spec import MethodKind
from iii_codegen.driver import run
from tests.contract.bus import Bus, bus_with
from tests.rust.conftest import DESK, WORKER


async def catalogue(bridge: Bridge) -> tuple[dict[str, Any], list[Any]]:
    """Functions by id as the engine describes them, and the bindings; without what differs from worker to worker."""
    listed = await bridge.call("engine::functions::list", {"include_internal": True})
    ids = sorted(row["function_id"] for row in listed["functions"] if of_desk(row["function_id"]))
    functions: dict[str, Any] = {}
    for function_id in ids:
        detail = await bridge.call("engine::functions::info", {"function_id": function_id})
        functions[function_id] = {key: detail.get(key) for key in DESCRIBED}
    bound = await bridge.call("engine::registered-triggers::list", {"include_internal": True})
    triggers = []
    for row in bound["registered_triggers"]:
        if of_desk(row["function_id"]):
            info = await bridge.call("engine::registered-triggers::info", {"id": row["id"]})
            triggers.append({key: info.get(key) for key in ("trigger_type", "function_id", "config", "metadata")})
    return functions, sorted(triggers, key=lambda row: json.dumps(row, sort_keys=True))


def of_desk(function_id: str) -> bool:
    return function_id.startswith("desk::") or function_id.endswith(".DeskService")


DESCRIBED = ("function_id", "description", "metadata", "request_schema", "response_schema")


def served_by_python(stubs: ModuleType) -> Any:
    async def never(self: Any, request: Any, context: Context, /) -> Any:
        raise AssertionError("must not run")

    async def follow(self: Any, request: Any, context: Context, /) -> Any:
        raise AssertionError("must not run")
        yield

    base = stubs.DeskService
    streams = (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)
    methods = {method.name: follow if method.kind in streams else never for method in base._service.methods}
    return type("Desk", (base,), methods)()


def test_what_is_generated_is_fresh() -> None:
    problems: list[str] = []
    assert run(WORKER, check=True, out=print, err=problems.append) == 0, problems


def test_both_register_the_same(bus: Bus, stubs: ModuleType) -> None:
    rust = bus.run(catalogue(bus.bridge))
    with bus_with() as other:

        async def serve() -> tuple[dict[str, Any], list[Any]]:
            await other.bridge.serve(served_by_python(stubs))
            return await catalogue(other.bridge)

        python = other.run(serve())
    assert rust[0].keys() == python[0].keys()
    for function_id, described in python[0].items():
        assert rust[0][function_id] == described
    assert rust[1] == python[1]
    assert len(rust[1]) >= 15


def test_the_answer_about_the_contract_is_the_same(bus: Bus, stubs: ModuleType) -> None:
    answered = bus.run(bus.bridge.call("iii-bridge::contract::desk.v1.DeskService", {}))
    assert answered["service"] == "desk.v1.DeskService"
    assert answered["digest"] == stubs.DeskService._service.digest


def program(bus: Bus, *arguments: str) -> str:
    done = CliRunner(env={"III_URL": bus.engine.url}).invoke(app, arguments)
    return done.output


def test_tools_understand_a_rust_worker(bus: Bus) -> None:
    assert "desk::place" in program(bus, "list")
    assert '"17"' in program(bus, "call", "desk::place", "--data", '{"orderId": "17"}')
    rows = [line for line in program(bus, "check", "--project", str(WORKER)).splitlines() if "rust-desk" in line]
    assert len(rows) == 16
    assert all(line.rstrip().endswith("same contract") for line in rows)


def test_a_second_worker_is_refused(bus: Bus) -> None:
    """Its name is taken as well; what it says names the function or the name."""
    import os
    import subprocess

    done = subprocess.run(
        DESK.argv,
        env={**os.environ, "III_URL": bus.engine.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "refused: " in done.stderr
