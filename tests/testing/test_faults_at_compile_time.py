"""The same faults in workers on generated code: what compilers refuse of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iii_bridge.testing.outcomes import Verdict
from iii_bridge.testing.workers import WorkerProcess
from tests.rust.test_types import compiled, expected
from tests.testing.ledger import LEDGER, PROTO, contracts, one_engine, outcomes_of
from tests.testing.test_faulty_workers import FAULTS, table
from tests.typescript.project import compile_typescript, generate, write_project

TYPESCRIPT = """
import {{ create }} from "@bufbuild/protobuf";
import {{ registerLedger, type LedgerImplementation }} from "./gen/ledger/v1/ledger_iii.js";
import {{ CountResponseSchema, PostedSchema, Side, type Entry }} from "./gen/ledger/v1/ledger_pb.js";
import type {{ Worker }} from "./gen/iii_bridge/runtime/index.js";

const post = ({{ account, cents, side }}: Entry) => create(PostedSchema, {{ {post} }});
const count = () => create(CountResponseSchema, {{ entries: 0 }});
const ledger: LedgerImplementation = {{ {methods} }};
export const serve = (worker: Worker) => registerLedger(worker, ledger);
export const used = [Side.DEBIT, post, count];
"""
RIGHT = "account, cents, side"
POSTS = {
    "none": RIGHT,
    "renamed-field": "account, amount: cents, side",
    "wrong-type": "account, cents: true, side",
    "rounded-integer": "account, cents: Number(cents), side",
    "missing-required": "cents, side",
    "extra-field": 'account, cents, side, memo: "by hand"',
    "wrong-enum": 'account, cents, side: "SIDE_WAYS"',
    "missing-function": RIGHT,
}


RUST = Path(__file__).parent / "workers" / "faults.rs"
_FAULT = re.compile(r"pub fn (\w+)|impl FrontService for (\w+)")
IMPOSSIBLE = dict.fromkeys(("wrong-route", "stale-schema"), "impossible")
"""Generated code binds the route and registers the schemas of the contract: there is nothing to get wrong."""
SERVE = """
import {{ registerWorker }} from "iii-sdk";
import {{ serve }} from "./dist/{fault}.js";
const worker = registerWorker(process.env.III_URL, {{ workerName: "ledger", otel: {{ enabled: false }} }});
await serve(worker);
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def refused(root: Path) -> dict[str, str]:
    """What the compiler says of each worker, all compiled at once."""
    write_project(root, PROTO)
    generate(root)
    for fault, post in POSTS.items():
        methods = "post" if fault == "missing-function" else "post, count"
        text = TYPESCRIPT.format(post=post, methods=methods)
        (root / "src" / f"{fault}.ts").write_text(text.replace("{ account, cents, side }:", f"{{ {taken(post)} }}:"))
    said = compile_typescript(root, 7, noUnusedLocals=False)
    found: dict[str, str] = {}
    for file, problem in re.findall(r"src/([\w-]+)\.ts\(\d+,\d+\): error (.*)", said):
        found.setdefault(file, problem)
    return found


def taken(post: str) -> str:
    """The members a handler reads, so that none is unused."""
    return ", ".join(name for name in ("account", "cents", "side") if re.search(rf"\b{name}\b(?!:)", post))


def test_typescript_refuses_what_the_texts_say(refused: dict[str, str]) -> None:
    assert "none" not in refused, refused
    words = {fault: "caught" if fault in refused else "–" for fault in POSTS if fault != "none"} | IMPOSSIBLE
    assert words == {fault: table()[fault]["TypeScript compiler"] for fault in FAULTS}, refused


@pytest.mark.parametrize(
    ("fault", "named"), [("renamed-field", "amount"), ("extra-field", "memo"), ("missing-function", "count")]
)
def test_what_is_wrong_is_named(refused: dict[str, str], fault: str, named: str) -> None:
    assert named in refused[fault]


def test_rust_refuses_what_the_texts_say(tmp_path: Path) -> None:
    text = RUST.read_text()
    found = compiled(RUST, tmp_path)
    assert found == expected(text)
    words: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := _FAULT.match(line):
            name = match[1] or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", match[2]).lower()
            words[name.replace("_", "-")] = "caught" if number in {at for at, _ in found} else "–"
    assert words.pop("none") == "–"
    assert words | IMPOSSIBLE == {fault: table()[fault]["Rust compiler"] for fault in FAULTS}


@pytest.mark.parametrize("fault", ["none", "missing-required"])
def test_what_compiles_keeps_the_contract(root: Path, refused: dict[str, str], fault: str) -> None:
    """A REQUIRED member that was forgotten is written nonetheless."""
    (root / f"{fault}.mjs").write_text(SERVE.format(fault=fault))
    with one_engine() as link:
        services = [contracts().services[LEDGER]]
        with WorkerProcess(link, ["node", f"{fault}.mjs"], cwd=root, services=services):
            found = outcomes_of(link, LEDGER, examples=30, settle=60.0)
    assert {name: each.summary for name, each in found.items() if each.verdict is not Verdict.PASSED} == {}
    assert found["Post", "registration"].summary == "same contract"
