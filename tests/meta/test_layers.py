"""Lower layers never import higher ones, and each library has its few modules."""

from __future__ import annotations

import pytest

from tests.meta.source import Module, written_by_hand

# From low to high; a part of the tree may import itself and what its row names.
L0 = {"counters", "cron", "errors", "status", "types"}
L1 = {"wire"}
L2 = {"protocol"}
L3 = {"contract"}
ABI = {"abi"}
L4 = {"aio"}
L5 = {"client", "worker", "triggers", "otel", "bridge"}
ENGINE = {"engine"}
GATEWAY = {"gateway"}
TOP = {"cli", "testing", "demo", "dynamic", "__main__"}

MAY_IMPORT: dict[str, set[str]] = {
    **dict.fromkeys(L0, L0),
    "wire": L0,
    "protocol": L0 | L1,
    "contract": L0 | L1,
    "abi": L0 | L3 | {"v1"},  # v1: for type checkers; at run time our own generated contracts are loaded on first use
    "v1": ABI,
    "aio": L0 | L1 | L2 | L3,
    **dict.fromkeys(L5, L0 | L1 | L2 | L3 | ABI | L4 | L5),
    "engine": L0 | L1 | L2 | L3 | L4,
    "gateway": L0 | L1 | L2 | L3 | ABI | L4 | L5,
    **{part: L0 | L1 | L2 | L3 | ABI | L4 | L5 | ENGINE | GATEWAY | TOP | {"v1"} for part in TOP},
}

# The modules of the gateway that speak gRPC.
GRPC = {"auxiliary", "health", "methods", "options", "reflection", "rpc", "server", "status"}
GRPC_CLIENT = {"calls", "contracts", "failures", "health", "target"}

# A library, and the only modules that may import it.
HOME: dict[str, set[str]] = {
    "websockets": {
        "iii_bridge.aio.line",
        "iii_bridge.aio.websocket",
        "iii_bridge.engine.listener",
        "iii_bridge.engine.stream_socket",
    },
    "betterproto2": {
        "iii_bridge.contract.betterproto",
        "iii_bridge.contract.betterproto_maps",
        "iii_bridge.contract.well_known",
    },
    "opentelemetry": {"iii_bridge.otel"},
    "httpx": {"iii_bridge.engine.http_functions"},
    "protovalidate": {"iii_bridge.contract.cel_rules"},
    "uvicorn": {"iii_bridge.engine.http_server"},
    "sqlite3": {
        f"iii_bridge.engine.storage.{table}" for table in ("database", "messages", "schema", "triggers", "values")
    },
    "croniter": {"iii_bridge.cron"},
    "pytest": {"iii_bridge.testing.plugin"},
    "junitparser": {"iii_bridge.testing.junit"},
    "hypothesis": {
        f"iii_bridge.testing.{part}"
        for part in ("breaks", "documents", "runner", "search", "strategies", "texts", "values")
    },
    "grpc": {f"iii_bridge.gateway.{part}" for part in GRPC}
    | {f"iii_bridge.gateway.upstream.{part}" for part in GRPC_CLIENT},
    "grpc_health": {"iii_bridge.gateway.health", "iii_bridge.gateway.upstream.health"},
    "grpc_reflection": {"iii_bridge.gateway.reflection", "iii_bridge.gateway.upstream.contracts"},
}

NO_CLOCK_NO_IO = {
    "asyncio",
    "socket",
    "ssl",
    "time",
    "random",
    "uuid",
    "threading",
    "select",
    "secrets",
    "os",
    "subprocess",
}


def part_of(name: str) -> str:
    """`iii_bridge.wire.codec` belongs to the part `wire`."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else ""


def runtime() -> list[Module]:
    return [module for module in written_by_hand() if module.name.startswith("iii_bridge.")]


@pytest.mark.parametrize("module", runtime(), ids=lambda module: module.name)
def test_a_module_imports_no_higher_layer(module: Module) -> None:
    part = part_of(module.name)
    assert part in MAY_IMPORT, f"{module.name} belongs to no layer: add {part} to the table"
    allowed = MAY_IMPORT[part] | {part}
    for imported in module.imports():
        if imported.split(".")[0] == "iii_bridge" and (target := part_of(imported)) in MAY_IMPORT:
            assert target in allowed, f"{module.name} imports {imported}"


@pytest.mark.parametrize(
    "module", [m for m in runtime() if part_of(m.name) == "protocol"], ids=lambda module: module.name
)
def test_the_protocol_core_does_no_io_and_knows_no_clock(module: Module) -> None:
    roots = {name.split(".")[0] for name in module.imports()}
    assert not roots & (NO_CLOCK_NO_IO | {"websockets", "betterproto2", "google"})


@pytest.mark.parametrize("library", HOME)
def test_a_library_is_imported_where_it_belongs(library: str) -> None:
    users = {
        module.name
        for module in runtime()
        if part_of(module.name) not in {"v1", "cli", "demo"}
        and any(name.split(".")[0] == library for name in module.imports())
    }
    assert users <= HOME[library]


def test_google_protobuf_has_its_modules() -> None:
    users = {
        module.name
        for module in runtime()
        if any(name == "google.protobuf" or name.startswith("google.protobuf.") for name in module.imports())
    }
    assert users <= {
        "iii_bridge.contract.canonical_binary",
        "iii_bridge.contract.descriptors",
        "iii_bridge.contract.google_files",
        "iii_bridge.contract.google_messages",
        "iii_bridge.dynamic",
        *(
            f"iii_bridge.gateway.{part}"
            for part in ("details", "health", "pool", "reflection", "rpc", "status", "unknown")
        ),
        *(f"iii_bridge.gateway.upstream.{part}" for part in ("calls", "contracts", "failures")),
        "iii_bridge.testing.conformance_messages",
    }


def test_the_generator_is_never_imported_by_the_runtime() -> None:
    users = {
        module.name
        for module in runtime()
        if part_of(module.name) not in TOP and any(name.split(".")[0] == "iii_codegen" for name in module.imports())
    }
    assert users == set()


def test_importing_a_stub_loads_no_socket_and_no_descriptor_library() -> None:
    import subprocess
    import sys

    heavy = "{'websockets', 'google.protobuf.descriptor', 'asyncio', 'ssl', 'uvicorn', 'typer'}"
    code = f"import sys, iii_bridge.abi.v1; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
