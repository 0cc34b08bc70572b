"""How fast messages become JSON and back, beside the other ways to do it.

    make bench-codec

Every round times each way once, so that all of them see the same machine; the
best round counts. The last line is one JSON object: theirs ÷ ours for the
order of about 1.1 kB, above 1 where we are faster.
"""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import json_format

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from iii_bridge.contract.json_text import parse_json
from iii_bridge.contract.protojson import Codec, codec_for
from iii_bridge.contract.spec import Defaults, JsonProfile
from tests.contract_layer.contracts import orders

ROUNDS = 30
ROUND_SECONDS = 0.004

Way = Callable[[], Any]


def order(lines: int) -> Any:
    """An order with this many lines; with none, a small one."""
    contract = orders()
    make: Any = contract.cls("shop.v1.Order")
    if not lines:
        return make(order_id="ord-1", gift=True, tags=["new"])
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


def ways(codec: Codec[Any], message: Any) -> dict[str, tuple[Way, Way]]:
    """Every way by name: how it decodes, how it encodes."""
    data = codec.encode(message)
    text = data.decode()
    reference = orders().google("shop.v1.Order")
    theirs = json_format.Parse(text, reference())
    ours = type(message)
    tree = json.loads(text)
    if codec.decode(data) != message or json_format.Parse(codec.encode(message), reference()) != theirs:
        raise SystemExit("the codec is wrong; its speed does not matter")
    return {
        "iii-bridge": (lambda: codec.decode(data), lambda: codec.encode(message)),
        "iii-bridge, exact path": (
            lambda: codec._exact(parse_json(data)),
            lambda: codec._exact_tree(message),
        ),
        "google json_format": (lambda: json_format.Parse(text, reference()), lambda: json_format.MessageToJson(theirs)),
        "betterproto2": (lambda: ours.from_json(text), lambda: message.to_json()),
        "json, untyped": (lambda: json.loads(text), lambda: json.dumps(tree)),
    }


def best(functions: list[Way]) -> list[float]:
    """Microseconds per call of each, its best round."""
    counts = [max(1, int(ROUND_SECONDS / max(_once(function, 1), 1e-7))) for function in functions]
    results = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for index, function in enumerate(functions):
            results[index] = min(results[index], _once(function, counts[index]) / counts[index] * 1e6)
    return results


def _once(function: Way, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        function()
    return time.perf_counter() - start


def compile_times() -> tuple[float, float]:
    """Milliseconds until the first decode and the first encode of a class nobody has used."""
    cls = orders().cls("shop.v1.Order")
    codec: Codec[Any] = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    message = order(1)
    start = time.perf_counter()
    data = codec.encode(message)
    middle = time.perf_counter()
    codec.decode(data)
    return (time.perf_counter() - middle) * 1e3, (middle - start) * 1e3


def main() -> None:
    """Prints the tables and the line of ratios."""
    first_decode, first_encode = compile_times()
    ratios: dict[str, float] = {}
    codec = codec_for(orders().cls("shop.v1.Order"))
    omitting = codec_for(orders().cls("shop.v1.Order"), JsonProfile(defaults=Defaults.OMIT))
    for title, lines, used in [("small", 0, omitting), ("order", 10, codec), ("large", 1000, codec)]:
        message = order(lines)
        table = ways(used, message)
        decodes = best([decode for decode, _ in table.values()])
        encodes = best([encode for _, encode in table.values()])
        print(f"{title}, {len(used.encode(message))} bytes{'decode µs':>28}{'x':>8}{'encode µs':>12}{'x':>8}")
        for name, decode, encode in zip(table, decodes, encodes, strict=True):
            print(f"  {name:<32}{decode:>12.1f}{decode / decodes[0]:>8.2f}{encode:>12.1f}{encode / encodes[0]:>8.2f}")
            key = {"google json_format": "json_format", "betterproto2": "betterproto2", "json, untyped": "json"}.get(
                name
            )
            if title == "order" and key is not None:
                ratios[f"decode_vs_{key}"] = round(decode / decodes[0], 2)
                ratios[f"encode_vs_{key}"] = round(encode / encodes[0], 2)
    print(f"first decode of a class {first_decode:.1f} ms, first encode {first_encode:.1f} ms")
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
