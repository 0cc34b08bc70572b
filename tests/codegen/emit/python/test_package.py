"""Whole packages: layout, imports between files, and one golden text."""

from __future__ import annotations

import ast
import datetime
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import betterproto2
import pytest

from iii_bridge.contract.registry import file_of, full_name_of
from iii_bridge.contract.spec import Idempotency, MethodKind
from iii_codegen.emit.jsonschema.files import method_schemas
from iii_codegen.emit.python.package import emit_python
from tests.codegen.support import Sources, load, shop, tree_of

GOLDEN = Path(__file__).parent / "golden"


def emitted(sources: Sources) -> dict[str, str]:
    tree = tree_of(sources)
    return {file.path: file.content for file in emit_python(tree, method_schemas(tree))}


def proto(package: str, body: str, *imports: str) -> str:
    lines = ['syntax = "proto3";', f"package {package};", *(f'import "{name}";' for name in imports), body]
    return "\n".join(lines)


CONTRACT = shop(
    """
    // A request.
    //
    // With a second "paragraph".
    message Request {
      string sku = 1 [(google.api.field_behavior) = REQUIRED];  // Stock keeping unit.
      optional int64 count = 2;
      repeated Line lines = 3;
      map<string, google.protobuf.Timestamp> times = 4;
      oneof payment { string card = 5 [debug_redact = true]; bytes token = 6; }
      State state = 7;
      google.protobuf.Duration ttl = 8;
      google.protobuf.Struct extra = 9;
      string load = 10;
      Request Request = 11;
      message Line { int32 amount = 1; }
      enum State { STATE_UNSPECIFIED = 0; real = 1; }
    }
    message Response {}
    // Sells things.
    service ShopService {
      option (iii_bridge.v1.service) = { prefix: "shop" timeout: { seconds: 9 } };
      // Buys one.
      rpc Buy(Request) returns (Response) {
        option idempotency_level = IDEMPOTENT;
        option (google.api.http) = { post: "/v1/shop/{sku}" body: "*" };
        option (iii_bridge.v1.trigger) = { subscribe: { topic: "t" } metadata { key: "a" value: "b" } };
      }
      rpc Watch(Request) returns (stream Response);
      rpc Chat(stream Request) returns (stream Response) {
        option (iii_bridge.v1.function) = {
          json: { names: NAMES_PROTO } unknown_members: UNKNOWN_MEMBERS_REJECT
          unknown_enum_names: UNKNOWN_ENUM_NAMES_IGNORE
        };
      }
    }
    """
)


def test_golden() -> None:
    """Set UPDATE_GOLDEN=1 to write the files anew, then read the diff."""
    found = emitted(CONTRACT)
    names = {f"shop/v1/{name}.py": f"{name}.txt" for name in ("__init__", "shop_pb")}
    for path, name in names.items():
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            (GOLDEN / name).write_text(found[path])
        assert found[path] == (GOLDEN / name).read_text(), f"{name} differs"


def test_every_file_is_headed() -> None:
    for path, content in emitted(CONTRACT).items():
        if path != "py.typed":
            assert content.split("\n")[0].endswith("DO NOT EDIT.")
            assert content.endswith("\n")
            assert not content.endswith("\n\n")


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_imports_are_the_standard_library_siblings_the_abi_and_betterproto2() -> None:
    sources = CONTRACT | {
        "other/v1/other.proto": proto(
            "other.v1",
            "message O { shop.v1.Request r = 1; iii_bridge.v1.HttpRequest h = 2; }",
            "shop/v1/shop.proto",
            "iii_bridge/v1/events.proto",
        )
    }
    found = {name for content in emitted(sources).values() for name in imports(content)}
    outside = {name for name in found if not name.startswith(".") and name.split(".")[0] not in sys.stdlib_module_names}
    assert outside == {"betterproto2", "iii_bridge.abi"}


def test_the_package_works(tmp_path: Path) -> None:
    package: Any = load(tmp_path, CONTRACT, "shop.v1")
    now = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    request = package.Request(
        sku="a",
        count=0,
        lines=[package.Request.Line(amount=1)],
        times={"x": now},
        token=b"t",
        state=package.Request.State.real_,
        ttl=datetime.timedelta(seconds=-0.5),
        load_="l",
        Request=package.Request(sku="b"),
    )
    assert package.Request.parse(bytes(request)) == request
    assert betterproto2.which_one_of(request, "payment") == ("token", b"t")
    assert package.Request().count is None
    assert package.Request.State.real_.proto_name == "real"
    assert inspect.getdoc(package.Request) == ('A request.\n\nWith a second "paragraph".')


def test_specs(tmp_path: Path) -> None:
    package: Any = load(tmp_path, CONTRACT, "shop.v1")
    service = package.ShopService._service
    buy, watch, chat = service.methods
    assert (service.full_name, service.description) == ("shop.v1.ShopService", "Sells things.")
    assert package.ShopClient._methods is package.ShopServiceSync._service is service
    assert (buy.full_name, buy.name, buy.function_id) == ("shop.v1.ShopService/Buy", "buy", "shop::buy")
    assert (buy.request, buy.response, buy.timeout) == (package.Request, package.Response, 9.0)
    assert (buy.idempotency, buy.description) == (Idempotency.IDEMPOTENT, "Buys one.")
    assert [binding.trigger_type for binding in buy.bindings] == ["http", "subscribe"]
    assert buy.bindings[0].http.path_fields == ("sku",)
    assert (watch.kind, chat.kind) == (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)
    assert set(buy.schemas()) == {method.full_name for method in service.methods}
    assert package.ShopClient.buy.method is buy


def test_schemas_are_loaded_when_asked_for(tmp_path: Path) -> None:
    package: Any = load(tmp_path, CONTRACT, "shop.v1")
    module = f"{package.__name__}.shop_schemas"
    assert module not in sys.modules
    package.ShopService._service.methods[0].schemas()
    assert module in sys.modules


def test_registered(tmp_path: Path) -> None:
    package: Any = load(tmp_path, CONTRACT, "shop.v1")
    file = file_of(package.Request)
    assert file.name == "shop/v1/shop.proto"
    assert dict(file.types) == {
        "shop.v1.Request": package.Request,
        "shop.v1.Request.Line": package.Request.Line,
        "shop.v1.Request.State": package.Request.State,
        "shop.v1.Response": package.Response,
    }
    assert full_name_of(package.Request.Line) == "shop.v1.Request.Line"


def test_abstract_methods(tmp_path: Path) -> None:
    package: Any = load(tmp_path, CONTRACT, "shop.v1")
    for base in (package.ShopService, package.ShopServiceSync):
        assert base.__abstractmethods__ == {"buy", "watch", "chat"}
        with pytest.raises(TypeError, match="abstract"):
            base()


def test_packages_that_need_each_other(tmp_path: Path) -> None:
    """Files never import in a circle, but their packages may."""
    sources = {
        "a/v1/x.proto": proto("a.v1", "message X { b.v1.Z z = 1; }", "b/v1/z.proto"),
        "a/v1/y.proto": proto("a.v1", "message Y { int32 n = 1; enum E { ZERO = 0; ONE = 1; } }"),
        "b/v1/z.proto": proto("b.v1", "message Z { a.v1.Y y = 1; a.v1.Y.E e = 2; }", "a/v1/y.proto"),
    }
    root: Any = load(tmp_path, sources)
    for name in ("b.v1", "a.v1"):
        __import__(f"{root.__name__}.{name}")
    x = root.a.v1.X(z=root.b.v1.Z(y=root.a.v1.Y(n=3), e=root.a.v1.Y.E.ONE))
    assert root.a.v1.X.parse(bytes(x)) == x


def test_files_of_a_library_are_generated_where_their_types_are_used(tmp_path: Path) -> None:
    source = proto("shop.v1", "message M { google.type.Money price = 1; }", "google/type/money.proto")
    root: Any = load(tmp_path, {"shop/v1/shop.proto": source}, "")
    __import__(f"{root.__name__}.shop.v1")
    message = root.shop.v1.M(price=root.google.type.Money(units=5))
    assert root.shop.v1.M.parse(bytes(message)).price.units == 5


def test_well_known_types_exist_once(tmp_path: Path) -> None:
    from iii_bridge.abi import v1 as abi

    body = "message M { google.protobuf.Any any = 1; repeated google.protobuf.Value values = 2; _3 }"
    body = body.replace("_3", "google.protobuf.NullValue n = 3;")
    package: Any = load(tmp_path, shop(body), "shop.v1")
    hints = package.M._type_hints()
    assert hints["any"] == abi.Any | None
    assert hints["values"] == list[abi.Value]
    assert package.M().n is abi.NullValue(0)
    assert not (tmp_path / "google").exists()


def test_a_file_without_a_package(tmp_path: Path) -> None:
    root: Any = load(tmp_path, {"plain.proto": 'syntax = "proto3"; message M { int32 x = 1; } enum E { Z = 0; }'})
    assert sorted(root.__all__) == ["E", "M"]
    assert full_name_of(root.M) == "M"


def test_packages_with_hostile_names(tmp_path: Path) -> None:
    sources = {
        "class/None/v1/from.proto": proto("class.None.v1", "message From { int32 import = 1; }"),
        "a/v1/a.proto": proto("a.v1", "message A { class.None.v1.From from = 1; }", "class/None/v1/from.proto"),
    }
    package: Any = load(tmp_path, sources, "a.v1")
    hostile: Any = sys.modules[package.__name__.replace("a.v1", "class_.None_.v1")]
    message = package.A(from_=hostile.From(import_=5))
    assert package.A.parse(bytes(message)) == message
    assert full_name_of(hostile.From) == "class.None.v1.From"


def test_two_trees_in_one_process(tmp_path: Path) -> None:
    first: Any = load(tmp_path, CONTRACT, "shop.v1")
    second: Any = load(tmp_path, CONTRACT, "shop.v1")
    assert first.Request is not second.Request
    assert bytes(first.Request(sku="a")) == bytes(second.Request(sku="a"))


def test_service_without_methods_and_message_without_fields(tmp_path: Path) -> None:
    package: Any = load(
        tmp_path, shop("message M {}\nservice Nothing {}\nmessage Deep { message Er { enum E { Z = 0; } } }"), "shop.v1"
    )
    assert package.NothingService()._service.methods == ()
    assert bytes(package.M()) == b""
    assert package.Deep.Er.E.Z == 0


def test_the_same_every_time() -> None:
    assert emitted(CONTRACT) == emitted(CONTRACT)


def test_redacted_fields_are_not_shown(tmp_path: Path) -> None:
    contract = shop(
        """
        message Login {
          string user = 1;
          string class = 2 [debug_redact = true];
          repeated Login parse = 3 [debug_redact = true];
          optional int32 pin = 4 [debug_redact = true];
          Login earlier = 5;
        }
        """
    )
    login: Any = load(tmp_path, contract, "shop.v1").Login
    assert repr(login(user="ann", class_="secret", pin=7)) == "Login(user='ann', class_=<redacted>, pin=<redacted>)"
    nested = login(parse_=[login(user="x")], earlier=login(class_="secret"))
    assert repr(nested) == "Login(parse_=<redacted>, earlier=Login(class_=<redacted>))"
    assert repr(login()) == "Login()"
