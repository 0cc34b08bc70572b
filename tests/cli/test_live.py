"""`list`, `call` and `check`, run against an engine with workers from contracts and by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from iii_bridge import Bridge, StatusCode, StatusError
from iii_bridge.cli.live import complete_function
from iii_bridge.cli.main import app
from tests.bridge.contracts import shop
from tests.cli.live import live_engine
from tests.cli.test_codegen import program
from tests.codegen.support import write_sources

PROTO = Path(__file__).parents[1] / "bridge" / "proto"
SUM = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
THINGS = """syntax = "proto3";
package things.v1;
import "google/api/annotations.proto";
message Request { int32 a = 1; }
message Answer { int32 sum = 1; }
service PlainService {
  // Adds.
  rpc Add(Request) returns (Answer);
}
"""


class Strict(shop.StrictService):  # type: ignore[misc]
    async def get(self, request: Any, context: Any, /) -> Any:
        if not request.order_id:
            raise StatusError(StatusCode.NOT_FOUND, "no such order", [{"@type": "x", "sku": "tea"}])
        return shop.Receipt(order_id=request.order_id, total=request.limit)


async def by_contract(bridge: Bridge) -> None:
    await bridge.serve(Strict())


async def by_hand(bridge: Bridge) -> None:
    answer = {"type": "object", "properties": {"sum": {"type": "string"}}}
    bridge.register_function("plain::add", lambda p: {"sum": p["a"]}, request_format=SUM, response_format=answer)
    bridge.register_function("plain::bare", lambda p: p)
    await bridge.confirm("plain::add", "plain::bare")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with live_engine(("contracts", by_contract), ("hand", by_hand)) as address:
        yield address


def run(*arguments: str, url: str, stdin: str | None = None) -> Result:
    return CliRunner(env={"III_URL": url}).invoke(app, arguments, input=stdin)


# --- list --------------------------------------------------------------------


def test_list_shows_who_serves_what_and_from_which_contract(url: str) -> None:
    done = run("list", "*::*t*", url=url)
    assert done.exit_code == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    digest = shop.StrictService._service.digest.removeprefix("sha256:")[:8]
    assert rows[0] == ["function", "namespace", "worker", "contract", "digest"]
    assert ["strict::get", "default", "contracts", "shop.v1.StrictService/Get", digest] in rows
    rows = [line.split() for line in run("list", "plain::*", url=url).stdout.splitlines()]
    assert rows[1:] == [["plain::add", "default", "hand", "schemas", "-"], ["plain::bare", "default", "hand", "-", "-"]]


def test_list_as_json_and_with_internal_functions(url: str) -> None:
    (item,) = json.loads(run("list", "plain::add", "--json", url=url).stdout)
    assert (item["worker_name"], item["request_schema"], item["method"]) == ("hand", SUM, None)
    assert "strict::get::http" not in run("list", "strict::*", url=url).stdout
    assert "strict::get::http" in run("list", "strict::*", "--all", url=url).stdout
    done = run("list", "nobody::*", url=url)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no functions\n")


# --- call --------------------------------------------------------------------


def test_call_prints_the_answer(url: str, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('{"orderId": "7", "limit": 3}')
    for arguments, stdin in (
        (("--data", '{"orderId": "7", "limit": 3}'), None),
        (("--data", f"@{tmp_path / 'order.json'}"), None),
        (("-d", "-"), '{"orderId": "7", "limit": 3}'),
    ):
        done = run("call", "strict::get", *arguments, url=url, stdin=stdin)
        assert (done.exit_code, done.stderr) == (0, "")
        answer = json.loads(done.stdout)
        assert (answer["orderId"], answer["total"]) == ("7", "3")


def test_call_checks_by_the_contract(url: str) -> None:
    done = run("call", "strict::get", "-d", '{"limit": "x"}', url=url)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: strict::get request does not fit its contract: expected an integer")
    assert done.stderr.endswith(" at $.limit\n")


def test_call_checks_by_schemas_where_there_is_no_contract(url: str) -> None:
    done = run("call", "plain::add", "-d", '{"a": "1"}', url=url)
    assert (done.exit_code, done.stderr) == (
        1,
        "error: plain::add request does not fit its contract: the schema of worker hand accepts an integer at $.a\n",
    )
    done = run("call", "plain::add", "-d", '{"a": 1}', url=url)
    assert (done.exit_code, json.loads(done.stdout)) == (1, {"sum": 1})
    assert done.stderr.endswith("the schema of worker hand accepts a string at $.sum\n")
    assert run("call", "plain::add", "-d", '{"a": 1}', "--no-check", url=url).exit_code == 0
    assert json.loads(run("call", "plain::bare", "-d", "[1]", url=url).stdout) == [1]


def test_call_without_an_answer(url: str) -> None:
    done = run("call", "strict::get", "--void", url=url)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    done = run("call", "strict::get", "--queue", "default", "-d", '{"orderId": "1"}', url=url)
    assert list(json.loads(done.stdout)) == ["messageReceiptId"]


def test_call_shows_failures_and_their_details(url: str) -> None:
    done = run("call", "strict::get", url=url)
    assert (done.exit_code, done.stdout) == (1, "")
    detail, error = done.stderr.splitlines()
    assert json.loads(detail) == {"@type": "x", "sku": "tea"}
    assert error == "error: strict::get failed: no such order [NOT_FOUND]"
    done = run("call", "strict::gett", url=url)
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0].startswith("the catalogue shows no strict::gett; did you mean strict::get")
    assert "[function_not_found]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-d", "{a}"), "--data is no JSON: expecting property name enclosed in double quotes at line 1 column 2"),
        (("-d", "NaN"), "--data is no JSON: NaN is no number of JSON"),
        (("-d", "@nosuch.json"), "cannot read nosuch.json: no such file or directory"),
        (("--metadata", "[]"), "--metadata is no JSON object"),
    ],
)
def test_call_says_what_is_wrong_with_its_options(url: str, arguments: tuple[str, ...], said: str) -> None:
    done = run("call", "strict::get", *arguments, url=url)
    text = " ".join(line.strip("│ ") for line in done.stderr.splitlines())
    assert done.exit_code == 2
    assert said in text


# --- check -------------------------------------------------------------------


def test_check_of_what_is_served_and_what_is_not(url: str) -> None:
    done = run("check", "shop.v1.StrictService", "shop.v1.NamespacedService", "--proto", str(PROTO), url=url)
    assert done.exit_code == 1
    rows = [[cell.strip() for cell in line.split(maxsplit=3)] for line in done.stdout.splitlines()]
    assert ["shop.v1.StrictService/Get", "strict::get", "contracts", "same contract"] in rows
    assert ["shop.v1.NamespacedService/Get", "namespaced::get", "-", "missing"] in rows
    assert done.stderr == "1 same contract, 1 missing\n"


def test_check_of_a_worker_written_by_hand(url: str, tmp_path: Path) -> None:
    write_sources(tmp_path / "proto", {"things/v1/things.proto": THINGS})
    done = run("check", "--project", str(tmp_path), url=url)
    assert done.exit_code == 1
    said = "plain::add: incompatible: response: the function sends a string, the caller accepts "
    assert done.stdout.splitlines()[-1].startswith(said)
    (row,) = json.loads(run("check", "--project", str(tmp_path), "--json", url=url).stdout)
    assert (row["status"], row["worker"]) == ("incompatible", "hand")
    assert {finding["path"] for finding in row["findings"]} == {"$.sum"}


def test_check_without_contracts_takes_those_of_the_workers(url: str, tmp_path: Path) -> None:
    done = run("check", "--project", str(tmp_path), url=url)
    assert (done.exit_code, done.stderr) == (0, "1 same contract\n")
    assert run("check", "shop.v1.StrictService", "--project", str(tmp_path), url=url).exit_code == 0
    done = run("check", "shop.v1.Nobody", "--project", str(tmp_path), url=url)
    assert done.exit_code == 2
    assert "have no service shop.v1.Nobody" in " ".join(done.stderr.split())


def test_check_looks_for_bindings(url: str, tmp_path: Path) -> None:
    route = 'returns (Answer) { option (google.api.http) = { post: "/add" body: "*" }; }'
    write_sources(tmp_path / "proto", {"things/v1/things.proto": THINGS.replace("returns (Answer);", route)})
    done = run("check", "--project", str(tmp_path), url=url)
    assert "plain::add: incompatible: config: nobody has bound http POST /add" in done.stdout


def test_check_says_which_contracts_cannot_be_read(url: str, tmp_path: Path) -> None:
    write_sources(tmp_path / "proto", {"things/v1/things.proto": "message"})
    done = run("check", "--project", str(tmp_path), url=url)
    assert done.exit_code == 2
    assert "things.proto:1:8" in done.stderr


# --- all ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("list",), ("call", "a::b"), ("check", "--proto", str(PROTO)), ("import",), ("watch",)]
)
def test_an_engine_that_is_away_is_one_line(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.cli.live.PATIENCE", 0.2)
    done = run(*arguments, url="ws://127.0.0.1:9")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: no engine answers at ws://127.0.0.1:9; start one with `iii-bridge engine`, "
        "or name another with --url or $III_URL\n"
    )


def test_ids_are_completed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("III_URL", url)
    assert complete_function("plain::") == ["plain::add", "plain::bare"]
    monkeypatch.setenv("III_URL", "ws://127.0.0.1:9")
    monkeypatch.setattr("iii_bridge.cli.live._PATIENCE_WHILE_TYPING", 0.2)
    assert complete_function("plain::") == []


def test_the_program_itself(url: str, tmp_path: Path) -> None:
    done = program("call", "strict::get", "--url", url, "-d", '{"orderId": "7"}', cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["orderId"], done.stderr) == (0, "7", "")
