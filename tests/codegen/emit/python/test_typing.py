"""Generated code and its users under mypy --strict and pyright strict: no errors where there are no mistakes, and
every seeded mistake found, by both, on its line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.emit.python.test_hostile import NAMES, by_camel
from tests.codegen.support import shop, write_package

CONTRACT = shop(
    """
    // A request, with "quotes" and \\\\ in its comment.
    message Req {
      string sku = 1;
      optional int64 count = 2;
      repeated Line lines = 3;
      map<string, Line> by_name = 4;
      oneof pay { string card = 5; Line cash = 6; }
      google.protobuf.Timestamp at = 7;
      google.protobuf.Duration ttl = 8;
      google.protobuf.Struct extra = 9;
      google.protobuf.Int64Value limit = 10;
      Color color = 11;
      message Line { int32 amount = 1; }
    }
    enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
    message Res { string id = 1; }
    service ShopService {
      // Quotes.
      rpc Quote(Req) returns (Res);
      rpc Watch(Req) returns (stream Res);
      rpc Upload(stream Req) returns (Res);
      rpc Chat(stream Req) returns (stream Res);
      rpc Hook(iii_bridge.v1.HttpRequest) returns (iii_bridge.v1.HttpResponse);
    }
    """
)

SEVERAL = {  # packages that need each other, one of a library, and one with hostile names
    "a/v1/x.proto": """syntax = "proto3"; package a.v1;
        import "b/v1/z.proto"; import "google/type/money.proto"; import "class/None/v1/from.proto";
        message X { b.v1.Z z = 1; google.type.Money price = 2; class.None.v1.From from = 3; }""",
    "a/v1/y.proto": """syntax = "proto3"; package a.v1; message Y { enum E { ZERO = 0; } }""",
    "b/v1/z.proto": """syntax = "proto3"; package b.v1; import "a/v1/y.proto";
        message Z { a.v1.Y y = 1; a.v1.Y.E e = 2; map<string, a.v1.Y> ys = 3; }
        service Zed { rpc Swap(a.v1.Y) returns (stream Z); }""",
    "class/None/v1/from.proto": """syntax = "proto3"; package class.None.v1; message From { int32 import = 1; }""",
    "plain.proto": """syntax = "proto3"; import "a/v1/x.proto"; message P { a.v1.X x = 1; }""",
}

HEAD = """\
from collections.abc import AsyncIterator
from iii_bridge.abi import v1 as abi
from contracts.shop.v1 import Color, Req, Res, ShopClient, ShopClientSync, ShopService, ShopServiceSync
"""

CORRECT = """
import asyncio
import datetime
from collections.abc import Iterator
from iii_bridge import ResponseStream, ResponseStreamSync, in_memory, in_memory_sync
from iii_bridge.v1 import HttpRequest, HttpResponse
from typing import assert_type


class Shop(ShopService):
    async def quote(self, request: Req, ctx: abi.Context, /) -> Res:
        return Res(id=request.sku)

    async def watch(self, request: Req, context: abi.Context, /) -> AsyncIterator[Res]:
        yield Res(id="1")

    async def upload(self, requests: AsyncIterator[Req], context: abi.Context, /) -> Res:
        return Res(id="".join([request.sku async for request in requests]))

    async def chat(self, requests: AsyncIterator[Req], context: abi.Context, /) -> AsyncIterator[Res]:
        async for request in requests:
            yield Res(id=request.sku)

    async def hook(self, request: HttpRequest, context: abi.Context, /) -> HttpResponse:
        return HttpResponse(status_code=200, headers={"x": request.path})


class ShopBlocking(ShopServiceSync):
    def quote(self, request: Req, context: abi.Context, /) -> Res:
        return Res(id=request.sku)

    def watch(self, request: Req, context: abi.Context, /) -> Iterator[Res]:
        yield Res(id="1")

    def upload(self, requests: Iterator[Req], context: abi.Context, /) -> Res:
        return Res(id="".join(request.sku for request in requests))

    def chat(self, requests: Iterator[Req], context: abi.Context, /) -> Iterator[Res]:
        for request in requests:
            yield Res(id=request.sku)

    def hook(self, request: HttpRequest, context: abi.Context, /) -> HttpResponse:
        return HttpResponse(status_code=200)


request = Req(
    sku="a", count=1, lines=[Req.Line(amount=1)], by_name={"x": Req.Line()}, card="c", limit=5, color=Color.COLOR_RED,
    at=datetime.datetime.now(datetime.UTC), ttl=datetime.timedelta(seconds=1), extra=abi.Struct(),
)
assert_type(request.count, int | None)
assert_type(request.cash, Req.Line | None)
assert_type(request.at, datetime.datetime | None)
assert_type(request.limit, int | None)
assert_type(request.color, Color)
assert_type(Req.parse(b""), Req)


async def requests() -> AsyncIterator[Req]:
    yield request


async def calls(client: ShopClient) -> None:
    assert_type(await client.quote(request, timeout=2.0, metadata={"a": 1}), Res)
    assert_type(await client.quote.void(request), None)
    receipt = await client.quote.enqueue(request, queue="q")
    assert_type(receipt.message_receipt_id, str)
    async for event in client.watch(request):
        assert_type(event, Res)
    assert_type(await client.upload(requests()), Res)
    async for event in client.chat(requests()):
        assert_type(event, Res)
    async with client.watch(request, timeout=2.0) as events:
        assert_type(await anext(events), Res)
        async for event in events:
            assert_type(event, Res)
    stream: ResponseStream[Res] = client.chat(requests())
    await stream.aclose()
    first, second = await asyncio.gather(client.quote(request), client.quote.enqueue(request))
    assert_type(first, Res)
    assert_type(second.message_receipt_id, str)


def blocking(client: ShopClientSync) -> None:
    assert_type(client.quote(request), Res)
    for event in client.watch(request):
        assert_type(event, Res)
    assert_type(client.upload([request]), Res)
    with client.chat([request]) as events:
        assert_type(next(events), Res)
    stream: ResponseStreamSync[Res] = client.watch(request)
    stream.close()


async def tested(shop: Shop, blocking: ShopBlocking) -> None:
    async with in_memory(shop) as client:
        assert_type(client, ShopClient)
    async with in_memory(blocking) as client:
        assert_type(client, ShopClient)
    with in_memory_sync(shop) as blocking_client:
        assert_type(blocking_client, ShopClientSync)


assert_type(ShopClient.quote.method.request, type[Req])
"""

MISTAKES = """
wrong_type = Req(sku=1)
wrong_field = Req(skv="a")
wrong_optional = Req(count="1")
wrong_item = Req(lines=[Res()])
wrong_key = Req(by_name={1: Req.Line()})
wrong_time = Req(at="2026-01-01T00:00:00Z")
wrong_wrapper = Req(limit="5")
wrong_enum = Color.COLOR_BLUE
positional = Req("a")
unknown_name = Req().skv
not_checked_for_none: int = Req().count
nested = Line()

async def calls(client: ShopClient, request: Req) -> None:
    await client.quote(Res())
    await client.quote()
    await client.quote(request=request)
    await client.quote(request, timeout="2")
    await client.quote(request, timout=2.0)
    client.quote(request)
    client.quote.void(request)
    client.quote.enqueue(request)
    await client.quote.void(Res())
    await client.quote.enqueue(Res())
    await client.quote.enqueue(request, queue=1)
    await client.qoute(request)
    reply: Req = await client.quote(request)
    print((await client.quote(request)).sku)
    print(client.quote(request).id)
    await client.watch(request)
    for event in client.watch(request): print(event)
    async for event in client.quote(request): print(event)
    async for event in client.watch(Res()): print(event)
    async for event in client.watch(request): print(event.sku)
    with client.watch(request): pass
    await client.upload([request])
    client.chat(request)
    await client.upload(request)
    ShopClient(5)

async def blocking(client: ShopClientSync, request: Req) -> None:
    await client.quote(request)
    client.quote(Res())
    async for event in client.watch(request): print(event)
    ShopClientSync(client)

class Missing(ShopService): pass
missing = Missing()
class WrongRequest(ShopService):
    async def quote(self, request: Res, context: abi.Context, /) -> Res: return request
class WrongResponse(ShopService):
    async def quote(self, request: Req, context: abi.Context, /) -> Req: return request
class NotAsync(ShopService):
    def quote(self, request: Req, context: abi.Context, /) -> Res: return Res()
class NoContext(ShopService):
    async def quote(self, request: Req, /) -> Res: return Res()
class WrongEvent(ShopService):
    async def watch(self, request: Req, context: abi.Context, /) -> AsyncIterator[Req]: yield request
class WrongYield(ShopService):
    async def watch(self, request: Req, context: abi.Context, /) -> AsyncIterator[Res]: yield request
class AsyncInSync(ShopServiceSync):
    async def quote(self, request: Req, context: abi.Context, /) -> Res: return Res()
"""


def mistakes() -> tuple[str, set[int]]:
    """The text, and the lines on which there is a mistake: all but those that open a block."""
    text = HEAD + MISTAKES
    wrong: set[int] = set()
    for number, line in enumerate(text.split("\n"), 1):
        is_head = number <= HEAD.count("\n")
        if line and not is_head and not line.startswith(("async def ", "class ")):
            wrong.add(number)
    return text, wrong


def hostile() -> dict[str, str]:
    """Every hostile name as a message, a field of each, a nested type and a method."""
    fields = by_camel(NAMES)
    lines = []
    for top in NAMES:
        kinds = ["int32", "string", f".shop.v1.{top}", f".shop.v1.{top}.Kid", f".shop.v1.{top}.Color", "optional bool"]
        kinds += ["google.protobuf.Timestamp", f"repeated .shop.v1.{top}", f"map<string, .shop.v1.{top}>", "bytes"]
        lines.append(f"message {top} {{ message Kid {{ .shop.v1.{top} up = 1; }}")
        lines.append("enum Color { RED = 0; numerator = 1; mro_ = 2; real = 3; }")
        for number, name in enumerate(fields, 1):
            # A map called _ gives a message Entry, one called _1 gives 1Entry, which is refused.
            kind = kinds[number % len(kinds)] if name.strip("_")[:1].isalpha() else "int64"
            lines.append(f"{kind} {name} = {number};")
        lines.append("}")
    lines.append("service Hostile {")
    for number, name in enumerate(["Register", "Mro", *NAMES]):
        method = name if name not in NAMES else f"{name.capitalize()}{number}M"
        kind = NAMES[number % len(NAMES)]
        stream = "stream " if number % 3 == 0 else ""
        option = f'option (iii_bridge.v1.function) = {{ id: "h::{number}" }};'
        lines.append(f"rpc {method}(.shop.v1.{kind}) returns ({stream}.shop.v1.{kind}) {{ {option} }}")
    lines.append("}")
    return shop("\n".join(lines))


def mypy(directory: Path, *targets: str) -> set[tuple[str, int]]:
    """Where mypy finds errors: file and line."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", *targets]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=110)
    found = re.findall(r"^([^:\n]+):(\d+): error: ", done.stdout, re.MULTILINE)
    assert done.returncode == (1 if found else 0), done.stdout + done.stderr
    return {(file, int(line)) for file, line in found}


def pyright(directory: Path, *targets: str) -> set[tuple[str, int]]:
    """Where pyright finds errors: file and line."""
    settings = {"include": list(targets), "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (directory / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=110)
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert all(item["severity"] == "error" for item in found), found
    return {(Path(item["file"]).name, item["range"]["start"]["line"] + 1) for item in found}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("typing")
    write_package(directory / "contracts", CONTRACT)
    write_package(directory / "hostile", hostile())
    write_package(directory / "several", SEVERAL)
    (directory / "correct.py").write_text(HEAD + CORRECT)
    (directory / "mistakes.py").write_text(mistakes()[0])
    return directory


CHECKERS = pytest.mark.parametrize("check", [mypy, pyright])


@CHECKERS
def test_generated_code_and_its_users_have_no_errors(check: object, project: Path) -> None:
    assert callable(check)
    assert check(project, "contracts", "hostile", "several", "correct.py") == set()


@CHECKERS
def test_every_mistake_is_found_where_it_is(check: object, project: Path) -> None:
    assert callable(check)
    found = {line for file, line in check(project, "mistakes.py") if file == "mistakes.py"}
    text, wrong = mistakes()
    lines = text.split("\n")
    assert [lines[number - 1] for number in sorted(wrong - found)] == [], "not found"
    assert [lines[number - 1] for number in sorted(found - wrong)] == [], "found where there is none"


def test_there_are_enough_mistakes() -> None:
    assert len(mistakes()[1]) >= 45
