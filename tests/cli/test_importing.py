"""`iii-bridge import`, against workers from contracts and by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from iii_bridge.cli.main import app
from iii_bridge.dynamic import contracts_of_protos
from tests.bridge.contracts import shop
from tests.cli.live import live_engine
from tests.cli.test_codegen import program
from tests.cli.test_live import by_contract, by_hand


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with live_engine(("contracts", by_contract), ("hand", by_hand)) as address:
        yield address


def run(*arguments: str, url: str) -> Result:
    return CliRunner(env={"III_URL": url}).invoke(app, ["import", *arguments])


def test_what_a_worker_tells_is_the_same_contract(url: str, tmp_path: Path) -> None:
    done = run("strict::*", "--project", str(tmp_path), url=url)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == "1 functions, 1 files, 0 findings"
    again = contracts_of_protos(tmp_path / "proto")
    assert again.services["shop.v1.StrictService"].digest == shop.StrictService._service.digest
    checked = CliRunner(env={"III_URL": url}).invoke(
        app, ["check", "shop.v1.StrictService", "--project", str(tmp_path)]
    )
    assert checked.stderr == "1 same contract\n"


def test_schemas_of_a_worker_written_by_hand(url: str, tmp_path: Path) -> None:
    done = run("plain::*", "--out", str(tmp_path / "p"), "--json", url=url)
    assert done.exit_code == 0
    assert [(item["function_id"], item["side"]) for item in json.loads(done.stdout)] == [
        ("plain::bare", "request"),
        ("plain::bare", "response"),
    ]
    text = (tmp_path / "p/plain/v1/plain.proto").read_text()
    assert "  rpc Add(AddRequest) returns (AddResponse);\n" in text
    checked = CliRunner(env={"III_URL": url}).invoke(app, ["check", "--proto", str(tmp_path / "p")])
    assert checked.stderr == "1 compatible, 1 unknown\n"


def test_without_a_pattern_workers_are_imported_and_not_the_engine(url: str) -> None:
    done = run("--print", "--schemas-only", url=url)
    assert done.exit_code == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("package ")] == [
        "package plain.v1;",
        "package shop.v1;",
    ]
    assert run("state::get", "--print", url=url).exit_code == 0, "asked for by name it is"


def test_files_in_the_way(url: str, tmp_path: Path) -> None:
    arguments = ("plain::add", "--project", str(tmp_path))
    assert run(*arguments, url=url).exit_code == 0
    assert run(*arguments, url=url).exit_code == 0, "the same again"
    place = tmp_path / "proto/plain/v1/plain.proto"
    mine = place.read_text() + "// mine\n"
    place.write_text(mine)
    done = run(*arguments, url=url)
    assert (done.exit_code, place.read_text()) == (1, mine)
    assert "plain.proto is there and differs; overwrite it with --force, or write elsewhere with --out" in done.stderr
    assert run(*arguments, "--force", url=url).exit_code == 0
    assert "// mine" not in place.read_text()


def test_exit_codes(url: str, tmp_path: Path) -> None:
    assert run("plain::bare", "--print", "--strict", url=url).exit_code == 1
    assert run("plain::add", "--print", "--strict", url=url).exit_code == 0
    done = run("nobody::*", "--print", url=url)
    assert (done.exit_code, done.stderr) == (
        1,
        "error: no worker has a function nobody::*; see `iii-bridge list`\n",
    )
    (tmp_path / "pyproject.toml").write_text("[tool.iii-bridge]\nx = 1\n")
    assert run("plain::add", "--project", str(tmp_path), url=url).exit_code == 2


def test_the_program_itself(url: str, tmp_path: Path) -> None:
    done = program("import", "plain::add", "--url", url, "--package", "acme.stock.v1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == ["proto/acme/stock/v1/stock.proto", "1 functions, 1 files, 0 findings"]
    assert program("codegen", cwd=tmp_path).returncode == 0
