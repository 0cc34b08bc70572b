"""A TypeScript worker registers what a Python worker of its contract does, and tools can ask it for the contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from demo.processes import DemoError
from iii_bridge import Bridge
from tests.bridge.support import bench, run_really
from tests.contract.bus import Bus, bus_with
from tests.typescript.bench import Lab, lab_worker


async def registered(bridge: Bridge) -> tuple[dict[str, Any], list[Any]]:
    """The functions of the service with all that is known of them, and its bindings."""
    rows = (await bridge.call("engine::functions::list", {"include_internal": True}))["functions"]
    ids = [row["function_id"] for row in rows]
    own = sorted(name for name in ids if name.startswith(("lab::", "iii-bridge::contract::lab.v1.Lab")))
    known = {name: await bridge.call("engine::functions::info", {"function_id": name}) for name in own}
    members = ("description", "request_schema", "response_schema", "metadata")
    functions = {name: {member: detail.get(member) for member in members} for name, detail in known.items()}
    bindings = (await bridge.call("engine::registered-triggers::list", {"include_internal": True}))[
        "registered_triggers"
    ]
    shown = [
        {name: row.get(name) for name in ("trigger_type", "function_id", "config", "metadata")} for row in bindings
    ]
    return functions, sorted((row for row in shown if str(row["function_id"]).startswith("lab::")), key=json.dumps)


async def by_python(stubs: ModuleType) -> tuple[dict[str, Any], list[Any]]:
    async def never(self: Any, request: Any, context: Any, /) -> Any:
        raise AssertionError("must not run")

    base = stubs.LabService
    service = type("Served", (base,), {method.name: never for method in base._service.methods})()
    async with bench() as b:
        bridge = await b.bridge("python")
        await bridge.serve(service)
        return await registered(bridge)


def as_javascript_has_it(digits: str) -> int:
    """Bounds of 64-bit integers that a profile writes as numbers are rounded when JavaScript registers them."""
    value = int(digits)
    return value if abs(value) < 2**53 else int(Decimal(repr(float(value))))


def test_both_languages_register_the_same(lab: Lab) -> None:
    functions, bindings = run_really(by_python(lab.stubs))
    ours, bound = lab.run(registered(lab.bus.bridge))
    assert len(functions) > 20
    assert len(bindings) > 15
    assert ours == json.loads(json.dumps(functions), parse_int=as_javascript_has_it)
    assert bound == bindings


def test_tools_check_the_worker_by_its_contract(lab: Lab, project: Path, tmp_path: Path) -> None:
    """With the contracts here, and with those the worker tells."""
    environment = {**os.environ, "III_URL": lab.bus.engine.url}
    bell = lab.bus.bridge.register_trigger_type("lab::bell", on_bind=lambda binding: None)
    lab.until(lambda: bell.bindings)
    for where in (project, tmp_path):
        command = [sys.executable, "-m", "iii_bridge", "check", "lab.v1.LabService", "--strict", "--json"]
        done = subprocess.run(
            [*command, "--project", str(where)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        rows = json.loads(done.stdout)
        assert done.returncode == 0, [row for row in rows if row["status"] != "same contract"]
        assert len(rows) == 18
        assert {row["status"] for row in rows} == {"same contract"}


def test_what_the_sdk_cannot_do_is_refused(project: Path) -> None:
    """A namespace, and an implementation that lacks a method: the compiler sees the latter, JavaScript does not."""
    program = """
        import { Service, register } from './dist/gen/iii_bridge/runtime/index.js'
        import { LabContract } from './dist/gen/lab/v1/lab_iii_contract.js'
        import { LabService } from './dist/gen/lab/v1/lab_pb.js'
        import { registry } from './dist/gen/iii_bridge/registry.js'
        for (const more of [{ namespace: 'elsewhere' }, {}]) {
          const service = new Service({ ...LabContract, ...more }, LabService.method, registry)
          await register(service, {}, { echo() {} }, {}).catch((error) => console.log(error.message))
        }
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "lab.v1.LabService is served in namespace elsewhere, and iii-sdk 0.22 has none",
        "the implementation of lab.v1.LabService has no method strict",
    ], done.stderr


def test_functions_behind_an_endpoint_are_registered_and_reached(project: Path) -> None:
    """By a worker that is none, so that every frame is seen: what a binding hands over is called on at the engine."""
    program = """
        import { registerRemote } from './dist/gen/lab/v1/lab_iii.js'
        const functions = {}, triggers = [], calls = []
        const worker = {
          registerFunction(id, how, options) {
            functions[id] = { how, options }
            return { unregister: () => delete functions[id] }
          },
          registerTrigger: (trigger) => (triggers.push(trigger), { unregister: () => triggers.pop() }),
          async trigger({ function_id, payload }) {
            if (function_id !== 'engine::functions::info') {
              calls.push({ function_id, payload })
              return { what: 'fetched', remaining: '7' }
            }
            return { functions: payload.function_ids.map((function_id) => ({ function_id, worker_name: 'w' })) }
          },
        }
        const { unregister } = await registerRemote(worker, {}, { reflection: false })
        const { how } = functions['remote::fetch']
        const nothing = { query_params: {}, headers: {} }
        const request = { method: 'GET', path: 'remote/:what', path_params: { what: 'it' }, ...nothing }
        const answer = await functions['remote::fetch::http'].how(request, {})
        const ids = Object.keys(functions)
        unregister()
        const left = [triggers.length, Object.keys(functions).length]
        console.log(JSON.stringify({ ids, how, left, calls, answer }))
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = json.loads(done.stdout or done.stderr)
    assert told["ids"] == ["remote::fetch", "remote::fetch::http"]
    assert told["how"] == {
        "url": "https://example.com/fetch",
        "method": "POST",
        "timeout_ms": 3000,
        "headers": {"x-lab": "1"},
        "auth": {"type": "bearer", "token_key": "LAB_TOKEN"},
    }
    (call,) = told["calls"]
    assert (call["function_id"], call["payload"]["what"]) == ("remote::fetch", "it")
    assert (told["answer"]["status_code"], told["answer"]["body"]["remaining"]) == (200, "7")
    assert told["left"] == [0, 0]


def test_one_owner_per_function(bus: Bus, project: Path) -> None:
    """A second worker is told whose the functions are, and ends."""

    async def second() -> str:
        from demo.processes import running

        try:
            async with running(bus.engine.url, lab_worker(project, "LAB_NAME=second")):
                return ""
        except DemoError as error:
            return str(error)

    assert "is owned by worker lab" in bus.run(second())


def test_the_trace_goes_through(project: Path, stubs: ModuleType) -> None:
    """Where the SDK's OpenTelemetry is on, which is its default."""
    from tests.typescript.bench import Mirror

    trace = "0af7651916cd43dd8448eb211c80319c"
    with bus_with(lab_worker(project, "LAB_OTEL=1", "OTEL_ENABLED=true")) as bus:
        lab = Lab(bus, stubs)
        lab.run(bus.bridge.serve(Mirror.of(stubs)))

        async def traced() -> Any:
            @bus.bridge.function("test::start")
            async def start(payload: Any) -> Any:
                report = await lab.client.act(stubs.Order(what="relay", with_="tell"))
                return report.binding

            return await raw_call(bus, "test::start", f"00-{trace}-b7ad6b7169203331-01")

        assert trace in lab.run(traced())


async def raw_call(bus: Bus, function_id: str, traceparent: str) -> Any:
    """A call with a trace of its own, as a traced worker sends it."""
    import uuid

    import websockets

    async with websockets.connect(bus.engine.url) as socket:
        await socket.recv()
        frame = {"type": "invokefunction", "invocation_id": str(uuid.uuid4()), "function_id": function_id, "data": {}}
        await socket.send(json.dumps({**frame, "traceparent": traceparent}))
        while True:
            answer = json.loads(await socket.recv())
            if answer.get("invocation_id") == frame["invocation_id"]:
                return answer["result"]
