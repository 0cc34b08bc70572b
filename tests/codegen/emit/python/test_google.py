"""Generated Python on google.protobuf messages: imported, called through an engine, and shown to type checkers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, timestamp_pb2

from iii_bridge import ContractError
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.google_files import google_types
from iii_bridge.contract.protojson import codec_for
from iii_bridge.errors import LocalProtocolError
from iii_bridge.v1 import HttpRequest, HttpResponse
from iii_codegen.config import load_config
from iii_codegen.generate import generate
from iii_codegen.write import write
from tests.bridge.support import bench, run_really
from tests.codegen.emit.python.test_typing import CONTRACT, CORRECT, HEAD, MISTAKES, SEVERAL, hostile, mypy, pyright
from tests.codegen.support import Sources, load, write_package

CALLED = {  # a package of its own: google's pool holds every file once per process
    "depot/v1/parts.proto": """syntax = "proto3"; package depot.v1;
        message Part { string sku = 1; int64 cents = 2; }
        enum Grade { GRADE_UNSPECIFIED = 0; GRADE_FINE = 1; }""",
    "depot/v1/depot.proto": """syntax = "proto3"; package depot.v1;
        import "depot/v1/parts.proto"; import "google/api/field_behavior.proto"; import "google/protobuf/empty.proto";
        import "google/protobuf/timestamp.proto"; import "iii_bridge/v1/events.proto";
        message FetchRequest {
          string sku = 1 [(google.api.field_behavior) = REQUIRED]; int32 count = 2; iii_bridge.v1.HttpRequest by = 3;
        }
        message Fetched {
          message Line { Part part = 1; Grade grade = 2; }
          repeated Line lines = 1; google.protobuf.Timestamp at = 2; optional string note = 3; string class = 4;
        }
        service DepotService {
          rpc Fetch(FetchRequest) returns (Fetched);
          rpc Watch(FetchRequest) returns (stream Part);
          rpc Reset(google.protobuf.Empty) returns (google.protobuf.Empty);
          rpc Hook(iii_bridge.v1.HttpRequest) returns (iii_bridge.v1.HttpResponse);
        }""",
}


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(tmp_path_factory.mktemp("depot"), CALLED, "depot.v1", "google")


def test_classes_are_googles_with_their_contract(depot: Any) -> None:
    assert backend_of(depot.FetchRequest).name == "google"
    assert depot.Fetched.Line().part == depot.Part()
    assert depot.Grade.Name(depot.Grade.GRADE_FINE) == "GRADE_FINE"
    message = depot.Fetched(at=timestamp_pb2.Timestamp(seconds=1), lines=[{"grade": 1}])
    assert codec_for(depot.Fetched).encode(message) == (
        b'{"lines":[{"grade":"GRADE_FINE"}],"at":"1970-01-01T00:00:01Z","class":""}'
    )
    with pytest.raises(ValueError, match=r"the required member is missing at \$\.sku"):
        codec_for(depot.FetchRequest).decode("{}")
    assert depot.FetchRequest(sku="a", by={"path": "/x"}).by.path == "/x"


def test_a_service_is_served_and_called_through_an_engine(depot: Any) -> None:
    class Depot(depot.DepotService):  # type: ignore[misc, name-defined]
        async def fetch(self, request: Any, context: Any, /) -> Any:
            part = depot.Part(sku=request.sku, cents=2**53 + 1)
            if request.sku == "wrong":
                return depot.Part()
            return depot.Fetched(lines=[depot.Fetched.Line(part=part, grade=depot.Grade.GRADE_FINE)] * request.count)

        async def watch(self, request: Any, context: Any, /) -> AsyncIterator[Any]:
            for number in range(request.count):
                yield depot.Part(sku=request.sku, cents=number)

        async def reset(self, request: Any, context: Any, /) -> Any:
            return request

        async def hook(self, request: HttpRequest, context: Any, /) -> HttpResponse:
            return HttpResponse(status_code=204)

    async def main() -> None:
        async with bench() as table:
            worker, caller = await table.bridge("worker"), await table.bridge("caller")
            await worker.serve(Depot())
            client = depot.DepotClient(caller)
            fetched = await client.fetch(depot.FetchRequest(sku="a", count=2))
            assert type(fetched) is depot.Fetched
            assert [line.part.cents for line in fetched.lines] == [2**53 + 1] * 2
            assert [part.cents async for part in client.watch(depot.FetchRequest(sku="b", count=3))] == [0, 1, 2]
            assert (await client.reset(type(await client.reset(_empty()))())) == _empty()
            with pytest.raises(ContractError, match=r"expected Fetched, found Part at \$"):
                await client.fetch(depot.FetchRequest(sku="wrong"))
            with pytest.raises(ContractError, match=r"depot::fetch request"):
                await caller.call("depot::fetch", {"count": 1})

    run_really(main())


def _empty() -> Any:
    from google.protobuf.empty_pb2 import Empty

    return Empty()


def test_one_file_of_two_contracts_is_refused(depot: Any) -> None:
    proto = descriptor_pb2.FileDescriptorProto(name="depot/v1/parts.proto", package="depot.v1", syntax="proto3")
    with pytest.raises(LocalProtocolError, match=r"depot/v1/parts\.proto is in google's descriptor pool already"):
        google_types("depot/v1/parts.proto", proto.SerializeToString())
    again = google_types("depot/v1/parts.proto", depot.Part.DESCRIPTOR.file.serialized_pb)
    assert again["depot.v1.Part"] is depot.Part


def test_the_setting_chooses_the_library_and_removes_what_is_stale(tmp_path: Path) -> None:
    (tmp_path / "proto" / "shop" / "v1").mkdir(parents=True)
    (tmp_path / "proto" / "shop" / "v1" / "a.proto").write_text('syntax = "proto3"; package shop.v1; message A {}')

    def names(messages: str) -> set[str]:
        text = f'[tool.iii-bridge]\nmessages = "{messages}"\nschemas = false\n'
        (tmp_path / "pyproject.toml").write_text(text)
        outcome = generate(load_config(tmp_path))
        for changes in outcome.changes:
            write(changes)
        return {path.name for path in (tmp_path / "contracts" / "shop" / "v1").iterdir()}

    assert names("google") == {"__init__.py", "a_pb.py", "a_pb2.py", "a_pb2.pyi"}
    assert names("betterproto2") == {"__init__.py", "a_pb.py"}


def test_a_nested_type_with_the_name_of_a_keyword_is_refused(tmp_path: Path) -> None:
    (tmp_path / "proto" / "v1").mkdir(parents=True)
    text = 'syntax = "proto3"; package v1; message A { message None {} enum True { X = 0; } }'
    (tmp_path / "proto" / "v1" / "a.proto").write_text(text)
    (tmp_path / "pyproject.toml").write_text('[tool.iii-bridge]\nmessages = "google"\n')
    outcome = generate(load_config(tmp_path))
    assert [item.code for item in outcome.diagnostics if item.code == "III009"] == ["III009", "III009"]
    assert outcome.failed


TYPED = (
    (HEAD + CORRECT)
    .replace("import datetime\n", "from google.protobuf import duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2\n")
    .replace("limit=5", "limit=wrappers_pb2.Int64Value(value=5)")
    .replace("at=datetime.datetime.now(datetime.UTC)", "at=timestamp_pb2.Timestamp(seconds=1)")
    .replace(
        "ttl=datetime.timedelta(seconds=1), extra=abi.Struct()",
        "ttl=duration_pb2.Duration(), extra=struct_pb2.Struct()",
    )
    .replace("assert_type(request.count, int | None)", "assert_type(request.count, int)")
    .replace("assert_type(request.cash, Req.Line | None)", "assert_type(request.cash, Req.Line)")
    .replace("assert_type(request.at, datetime.datetime | None)", "assert_type(request.at, timestamp_pb2.Timestamp)")
    .replace("assert_type(request.limit, int | None)", "assert_type(request.limit, wrappers_pb2.Int64Value)")
    .replace("assert_type(request.color, Color)", "assert_type(request.color, Color.ValueType)")
    .replace('assert_type(Req.parse(b""), Req)', 'assert_type(Req.FromString(b""), Req)')
    .replace("from typing import assert_type", "from typing import Literal, assert_type")
    + """
assert_type(request.WhichOneof("pay"), Literal["card", "cash"] | None)
assert_type(Color.Name(request.color), str)
assert_type(Color.Value("COLOR_RED"), Color.ValueType)
assert_type(request.HasField("count"), bool)
request.lines.add(amount=2)
request.by_name["x"].amount = 3
"""
)

WRONG = """
Req(color=7)
request = Req()
request.color = "COLOR_RED"
request.lines = []
request.cash = Req.Line()
request.at = timestamp_pb2.Timestamp()
request.HasField("sku")
request.WhichOneof("paid")
request.ClearField("skv")
request.by_name[1].amount = 3
Color.COLOR_BLUE
"""


def typed_mistakes() -> tuple[str, set[int]]:
    """The text, and the lines with a mistake: those about services are the same whatever messages are."""
    head = HEAD + "from google.protobuf import timestamp_pb2\n"
    services = MISTAKES[MISTAKES.index("async def calls(") :]
    text = head + WRONG + services
    lines = text.split("\n")[head.count("\n") :]
    fine = ("async def ", "class ", "request = ")
    return text, {n for n, line in enumerate(lines, head.count("\n") + 1) if line and not line.startswith(fine)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("typing")
    contracts: dict[str, Sources] = {"contracts": CONTRACT, "hostile": hostile(), "several": SEVERAL, "depots": CALLED}
    for name, sources in contracts.items():
        write_package(directory / name, sources, "google")
    (directory / "correct.py").write_text(TYPED)
    (directory / "mistakes.py").write_text(typed_mistakes()[0])
    return directory


@pytest.mark.parametrize("check", [mypy, pyright])
def test_generated_code_and_its_users_have_no_errors(check: Any, project: Path) -> None:
    hostile_too = ["hostile"] if check is mypy else []  # 19,000 lines: pyright is slow where others want the cores
    assert check(project, "contracts", "several", "depots", "correct.py", *hostile_too) == set()


@pytest.mark.parametrize("check", [mypy, pyright])
def test_every_mistake_is_found_where_it_is(check: Any, project: Path) -> None:
    found = {line for file, line in check(project, "mistakes.py") if file == "mistakes.py"}
    text, wrong = typed_mistakes()
    lines = text.split("\n")
    assert [lines[number - 1] for number in sorted(wrong - found)] == [], "not found"
    assert [lines[number - 1] for number in sorted(found - wrong)] == [], "found where there is none"


def test_hostile_names_work_at_run_time(tmp_path: Path) -> None:
    sources = {name.replace("shop", "odd"): text.replace("shop.v1", "odd.v1") for name, text in hostile().items()}
    module = load(tmp_path, sources, "odd.v1", "google")
    tried = 0
    for name in module.__all__:
        cls = getattr(module, name)
        if hasattr(cls, "FromString") and isinstance(cls, type):
            assert codec_for(cls).decode(codec_for(cls).encode(cls())) == cls()
            tried += 1
    assert tried > 20
    assert "odd/v1/odd.proto" in sources
