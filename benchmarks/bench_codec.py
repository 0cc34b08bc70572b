"""How fast messages become JSON and back, beside the other ways to do it.

    make bench-codec

Every round times each way once, so that all of them see the same machine: the
best round counts, which is the one nobody disturbed. Printed are an order of about 1.1 kB, a small one and one of
about 100 kB; then what is off the usual path, and what first uses and imports
cost. The last line is one JSON object for the order of 1.1 kB: theirs ÷ ours,
above 1 where we are faster.
"""

from __future__ import annotations

import datetime
import functools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from google.protobuf import descriptor_pb2, json_format
from protobuf.wkt import FileDescriptorSet

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.bench_codegen import write_contracts
from iii_bridge.contract.json_text import parse_json
from iii_bridge.contract.protojson import Codec, codec_for
from iii_bridge.contract.spec import Defaults, JsonProfile, Names
from iii_bridge.wire import InvokeFunction, decode_message, encode_message
from tests.contract_layer.contracts import ORDERS, orders
from tests.contract_layer.dynamic import compile_proto

ROUNDS: Final = 40
ROUND_SECONDS: Final = 0.004
ORDER: Final = "shop.v1.Order"
FILES: Final = ("google/protobuf/duration.proto", "google/protobuf/timestamp.proto", "orders.proto")

Way = Callable[[], Any]

OURS: Final = "iii-bridge"
OURS_GOOGLE: Final = "iii-bridge, google's messages"
EXACT: Final = "iii-bridge, exact path"
BETTERPROTO2: Final = "betterproto2's own"
JSON_FORMAT: Final = "google json_format"
PROTOBUF_PY: Final = "protobuf-py (Rust)"
ORJSON: Final = "orjson, untyped"

KEYS: Final = {
    # what is compared: (theirs, ours)
    "{}_vs_betterproto2": (BETTERPROTO2, OURS),
    "{}_vs_protobuf_py": (PROTOBUF_PY, OURS),
    "{}_vs_orjson": (ORJSON, OURS),
    "google_{}_vs_json_format": (JSON_FORMAT, OURS_GOOGLE),
}


def order(lines: int) -> Any:
    """An order with this many lines; with none, a small one."""
    contract = orders()
    make: Any = contract.cls(ORDER)
    if not lines:
        return make(order_id="ord-000123", customer_number=42, gift=True)
    line, money, status = (contract.cls(f"shop.v1.{name}") for name in ("Line", "Money", "Status"))
    return make(
        order_id="ord-2026-000123",
        customer_number=9007199254740993,
        status=status(2),
        lines=[
            line(sku=f"sku-{i:04}", quantity=i + 1, price=money(currency_code="EUR", units=10 + i, nanos=990000000))
            for i in range(lines)
        ],
        placed_at=datetime.datetime(2026, 11, 22, 20, 47, 1, tzinfo=datetime.UTC),
        ship_within=datetime.timedelta(hours=48),
        signature=bytes(range(24)),
        labels={"channel": "web", "region": "eu-west-1"},
        counts={"a": 1, "b": 2},
        tags=["new", "vip"],
        weight=12.75,
        gift=True,
        note="leave at the door",
        card_token="tok_123",  # noqa: S106 -- a sample
    )


def protobuf_py_class() -> Any:
    """The order as a dynamic class of protobuf-py, whose base is its native one."""
    files = descriptor_pb2.FileDescriptorSet()
    for name in FILES:
        orders().pool.FindFileByName(name).CopyToProto(files.file.add())
    found = FileDescriptorSet.from_binary(files.SerializeToString()).to_registry().message(ORDER)
    if found is None or not any(base.__name__ == "NativeMessage" for base in found.type.__mro__):
        raise SystemExit("protobuf-py runs without its native part; install protobuf-py-ext")
    return found.type


def ways(message: Any, profile: JsonProfile) -> dict[str, tuple[Way, Way]]:
    """Every way by name: how it decodes, how it encodes."""
    codec: Codec[Any] = codec_for(type(message), profile)
    data = codec.encode(message)
    google, native = orders().google(ORDER), protobuf_py_class()
    google_codec: Codec[Any] = codec_for(google, profile)
    theirs, natives, tree = json_format.Parse(data, google()), native.from_json(data), orjson.loads(data)
    ours = type(message)
    if (
        codec.decode(data) != message
        or codec.decode(natives.to_json()) != message
        or google_codec.decode(data) != theirs
    ):
        raise SystemExit("the codec is wrong; its speed does not matter")
    return {
        OURS: (lambda: codec.decode(data), lambda: codec.encode(message)),
        OURS_GOOGLE: (lambda: google_codec.decode(data), lambda: google_codec.encode(theirs)),
        EXACT: (lambda: codec._exact(parse_json(data)), lambda: codec._exact_tree(message)),
        BETTERPROTO2: (lambda: ours.from_json(data), lambda: message.to_json()),
        JSON_FORMAT: (
            lambda: json_format.Parse(data, google()),
            lambda: json_format.MessageToJson(theirs, indent=None),
        ),
        PROTOBUF_PY: (lambda: native.from_json(data), lambda: natives.to_json()),
        ORJSON: (lambda: orjson.loads(data), lambda: orjson.dumps(tree)),
    }


class Timing:
    """Some ways, timed in turn."""

    def __init__(self, functions: dict[str, Way]) -> None:
        for function in functions.values():
            function()  # what a first call compiles is no part of it
        counts = {name: max(1, int(ROUND_SECONDS / _once(function, 1))) for name, function in functions.items()}
        self._rounds = [
            {name: _once(function, counts[name]) / counts[name] * 1e6 for name, function in functions.items()}
            for _ in range(ROUNDS)
        ]

    def best(self, name: str) -> float:
        """Microseconds per call in its best round."""
        return min(times[name] for times in self._rounds)

    def ratio(self, name: str, to: str) -> float:
        """How many times as long one takes as another."""
        return self.best(name) / self.best(to)


def _once(function: Way, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        function()
    return time.perf_counter() - start


def compare(title: str, message: Any, profile: JsonProfile) -> tuple[Timing, Timing, int]:
    """Prints one table. Returns the timings of decoding and of encoding, and the size in bytes."""
    table = ways(message, profile)
    decodes = Timing({name: decode for name, (decode, _) in table.items()})
    encodes = Timing({name: encode for name, (_, encode) in table.items()})
    size = len(codec_for(type(message), profile).encode(message))
    print(f"{title + f', {size} bytes':<34}{'decode µs':>12}{'x':>8}{'encode µs':>12}{'x':>8}")
    for name in table:
        shown = "".join(f"{timing.best(name):>12.1f}{timing.ratio(name, OURS):>8.2f}" for timing in (decodes, encodes))
        print(f"  {name:<32}{shown}")
    return decodes, encodes, size


def off_the_path(message: Any) -> None:
    """What it costs to read what is not spelled as we print it."""
    codec: Codec[Any] = codec_for(type(message))
    data = codec.encode(message)
    tree = orjson.loads(data)
    newer = {**tree, "newer": "x"}
    deeper = {**newer, "lines": [{**line, "colour": {"name": "red"}} for line in tree["lines"]]}
    variants: dict[str, bytes | msgspec.Raw] = {
        "as we print it": data,
        "the same, undecoded in a frame": msgspec.Raw(data),
        "with white space, as json.dumps writes it": json.dumps(tree).encode(),
        "with a member nobody knows": orjson.dumps(newer),
        "with members nobody knows in every line": orjson.dumps(deeper),
        "with the names of the contract": codec_for(type(message), JsonProfile(names=Names.PROTO)).encode(message),
    }
    timing = Timing({name: functools.partial(codec.decode, text) for name, text in variants.items()})
    print(f"{'decoding the order':<50}{'bytes':>8}{'µs':>8}{'x':>8}")
    for name, text in variants.items():
        ratio = timing.ratio(name, next(iter(variants)))
        print(f"  {name:<48}{len(bytes(text)):>8}{timing.best(name):>8.1f}{ratio:>8.2f}")


def in_frames(message: Any) -> None:
    """What the frame around a payload adds, on the way in and on the way out."""
    codec: Codec[Any] = codec_for(type(message))

    def frame() -> bytes:
        data = msgspec.Raw(codec.encode(message))
        return encode_message(InvokeFunction(function_id="orders::place", invocation_id="0" * 36, data=data))

    def received(text: str) -> Any:
        invocation = decode_message(text)
        if not isinstance(invocation, InvokeFunction) or not isinstance(invocation.data, msgspec.Raw):
            raise SystemExit("the frame came back as another")
        return codec.decode_request(invocation.data).message

    data, text = codec.encode(message), frame().decode()
    if received(text) != message:
        raise SystemExit("the message came back as another")
    timing = Timing(
        {
            "JSON to message": lambda: codec.decode(data),
            "text of a frame to message": lambda: received(text),
            "message to JSON": lambda: codec.encode(message),
            "message to bytes of a frame": frame,
        }
    )
    names = ("JSON to message", "text of a frame to message", "message to JSON", "message to bytes of a frame")
    print(", ".join(f"{name} {timing.best(name):.1f} µs" for name in names))


def first_uses() -> None:
    """Milliseconds until a class that nobody has used is decoded and encoded, fifteen fields and two classes in it."""
    decode, encode = [], []
    for number in range(5):
        text = ORDERS.replace("shop.v1", f"fresh{number}.v1")
        cls: Any = compile_proto(text, f"fresh{number}.proto").cls(f"fresh{number}.v1.Order")
        codec: Codec[Any] = codec_for(cls)
        start = time.perf_counter()
        data = codec.encode(cls(order_id="a"))
        middle = time.perf_counter()
        codec.decode(data)
        decode.append(time.perf_counter() - middle)
        encode.append(middle - start)
    print(f"first decode of three classes {min(decode) * 1e3:.1f} ms, first encode {min(encode) * 1e3:.1f} ms")


def import_time(messages: int) -> None:
    """Seconds to import that many generated messages in a fresh process, beside what every stub needs."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_contracts(root / "proto", messages)
        (root / "pyproject.toml").write_text('[tool.iii-bridge.python]\nout = "contracts"\n')
        subprocess.run([sys.executable, "-m", "iii_codegen"], cwd=root, check=True, capture_output=True)
        modules = [".".join(path.relative_to(root).with_suffix("").parts) for path in sorted(root.rglob("*_pb.py"))]
        program = (
            "import time; a = time.perf_counter(); import iii_bridge.abi.v1; b = time.perf_counter(); "
            f"import {', '.join(modules)}; print(b - a, time.perf_counter() - b)"
        )
        runs = [
            subprocess.run([sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True)
            for _ in range(4)
        ]
    shared, own = zip(*([float(part) for part in run.stdout.split()] for run in runs), strict=True)
    print(f"import of {messages} generated messages {min(own) * 1e3:.0f} ms, after {min(shared) * 1e3:.0f} ms for abi")


def main() -> None:
    """Prints the tables and the line of ratios."""
    first_uses()
    import_time(1000)
    compare("small", order(0), JsonProfile(defaults=Defaults.OMIT))
    decodes, encodes, size = compare("order", order(8), JsonProfile())
    large_decodes, large_encodes, large_size = compare("large", order(1000), JsonProfile())
    growth = [
        timing.best(OURS) / small.best(OURS) for timing, small in ((large_decodes, decodes), (large_encodes, encodes))
    ]
    decode, encode = growth
    print(f"{large_size / size:.0f} times the size takes {decode:.0f} times as long to decode, {encode:.0f} to encode")
    off_the_path(order(8))
    in_frames(order(8))
    ratios: dict[str, float] = {}
    for key, (theirs, ours) in KEYS.items():
        ratios[key.format("decode")] = round(decodes.ratio(theirs, ours), 2)
        ratios[key.format("encode")] = round(encodes.ratio(theirs, ours), 2)
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
