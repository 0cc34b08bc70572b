"""`import` and `check` against workers of every official SDK: those of the demo, and those written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from iii_bridge.cli.main import app
from iii_bridge.dynamic import contracts_of_protos
from tests.cli.workers.workers import sdk_workers
from tests.meta.source import ROOT

SDKS = ("python", "node", "rust")
REQUEST = {"order_id": "7", "orderId": "7", "lines": [{"sku": "tea", "quantity": 2}, {"sku": "rum", "quantity": 1}]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with sdk_workers() as address:
        yield address


def run(url: str, *arguments: str) -> Result:
    return CliRunner(env={"III_URL": url}).invoke(app, arguments)


def checked(url: str, proto: Path) -> dict[str, Any]:
    done = run(url, "check", "--proto", str(proto), "--json")
    return {row["function_id"]: row for row in json.loads(done.stdout)}


# --- the demo ----------------------------------------------------------------


def test_the_contracts_of_the_demo_hold_for_its_three_workers(url: str) -> None:
    rows = checked(url, ROOT / "proto")
    ids = [function_id for function_id in rows if not function_id.startswith("python-types::")]
    assert {rows[function_id]["status"] for function_id in ids} <= {"same contract", "compatible"}, rows
    assert rows["orders::place"]["status"] == "same contract"
    assert rows["pricing::quote"]["worker"].startswith("example-")


def test_the_demo_is_imported_as_it_is(url: str, tmp_path: Path) -> None:
    """Python tells its contracts; TypeScript and Rust register schemas made of theirs."""
    wanted = [f"{prefix}::*" for prefix in ("orders", "receipts", "pricing", "inventory")]
    done = run(url, "import", *wanted, "--out", str(tmp_path), "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, [])
    ours, again = contracts_of_protos(ROOT / "proto"), contracts_of_protos(tmp_path)
    for name in ("examples.orders.v1.OrdersService", "examples.receipts.v1.ReceiptsService"):
        assert again.services[name].digest == ours.services[name].digest
    rows = checked(url, tmp_path)
    assert {row["status"] for row in rows.values()} <= {"same contract", "compatible"}, rows
    assert rows.keys() == {m.function_id for m in ours.methods() if "types::" not in m.function_id}


# --- written by hand ---------------------------------------------------------


def test_every_sdk_is_imported_without_loss_and_fits(url: str, tmp_path: Path) -> None:
    done = run(url, "import", *(f"{sdk}::reserve" for sdk in SDKS), "--out", str(tmp_path), "--strict", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, [])
    texts = {sdk: (tmp_path / f"{sdk}/v1/{sdk}.proto").read_text() for sdk in SDKS}
    for sdk, text in texts.items():
        assert "  // Reserves pieces.\n  rpc Reserve(" in text
        assert "  // What is wanted.\n" in text
        assert "  HELD = 1;\n  REFUSED = 2;\n" in text
        assert ("names: NAMES_PROTO" in text) == (sdk != "node")
    assert "(buf.validate.field).int32 = { gt: 0 lte: 1000 }" in texts["python"]
    assert "(buf.validate.field).int32 = { gt: 0 lte: 1000 }" in texts["node"]
    assert "uint32 quantity" in texts["rust"]
    rows = checked(url, tmp_path)
    assert {function_id: row["status"] for function_id, row in rows.items()} == {
        "node::reserve": "compatible",
        "python::reserve": "unknown",  # Pydantic's int has no limits
        "rust::reserve": "compatible",
    }
    said = rows["python::reserve"]["findings"]
    assert [(item["verdict"], item["side"], item["path"]) for item in said] == [("unknown", "response", "$.pieces")]


@pytest.mark.parametrize("sdk", SDKS)
def test_a_call_is_checked_by_the_schemas_of_the_sdk(url: str, sdk: str) -> None:
    request = {key: value for key, value in REQUEST.items() if key != ("order_id" if sdk == "node" else "orderId")}
    done = run(url, "call", f"{sdk}::reserve", "--data", json.dumps(request))
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["pieces"], answer["state"]) == (3, "HELD")
    done = run(url, "call", f"{sdk}::reserve", "--data", json.dumps({**request, "lines": [{"sku": "tea"}]}))
    assert done.exit_code == 1
    assert f"{sdk}::reserve request does not fit its contract" in done.stderr


def test_contracts_that_do_not_fit_are_told_with_the_place(url: str, tmp_path: Path) -> None:
    run(url, "import", *(f"{sdk}::reserve" for sdk in SDKS), "--out", str(tmp_path))
    for sdk in SDKS:
        place = tmp_path / f"{sdk}/v1/{sdk}.proto"
        text = place.read_text()
        place.write_text(text.replace("  HELD = 1;", "  KEPT = 1;").replace("string note", "bool note"))
    for row in checked(url, tmp_path).values():
        assert row["status"] == "incompatible", row
        bad = {(item["side"], item["path"]) for item in row["findings"] if item["verdict"] == "incompatible"}
        assert {("request", "$.note"), ("response", "$.state")} <= bad, bad
