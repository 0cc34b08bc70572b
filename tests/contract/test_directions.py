"""Every language calls every language, itself included: nine directions, one contract."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from example_contracts.examples.types.v1 import Everything, RelayRequest
from iii_bridge.contract.protojson import codec_for
from tests.contract.bus import Bus
from tests.contract.directions import LANGUAGES, client
from tests.contract.values import EDGES, everything

NINE = [(caller, callee) for caller in LANGUAGES for callee in LANGUAGES]
IDS = [f"{caller}-to-{callee}" for caller, callee in NINE]


async def relayed(bus: Bus, caller: str, callee: str, value: Everything) -> Everything:
    """What the worker in `caller` was answered when it called the worker in `callee`."""
    return await client(bus, caller).relay(RelayRequest(function_id=f"{callee}-types::echo", value=value))


@pytest.mark.parametrize("value", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize(("caller", "callee"), NINE, ids=IDS)
def test_a_value_arrives_as_it_left(bus: Bus, caller: str, callee: str, value: Everything) -> None:
    assert bus.run(relayed(bus, caller, callee, value)) == value


@pytest.mark.parametrize(("caller", "callee"), NINE, ids=IDS)
def test_not_a_number_stays_so(bus: Bus, caller: str, callee: str) -> None:
    assert math.isnan(bus.run(relayed(bus, caller, callee, Everything(ratio=math.nan))).ratio)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=everything())
def test_any_value_arrives_in_all_nine_directions(bus: Bus, value: Everything) -> None:
    async def all_nine() -> list[Everything]:
        return await asyncio.gather(*(relayed(bus, caller, callee, value) for caller, callee in NINE))

    for direction, answer in zip(IDS, bus.run(all_nine()), strict=True):
        assert answer == value, direction


@pytest.mark.parametrize("value", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_writes_the_same_canonical_json(bus: Bus, language: str, value: Everything) -> None:
    """Defaults present, 64-bit integers as strings, enums by name; nothing of the engine's left in it."""
    written: Any = json.loads(codec_for(Everything).encode(value))
    assert bus.run(bus.bridge.call(f"{language}-types::echo", written)) == written


@pytest.mark.parametrize(("caller", "callee"), [("typescript", "rust"), ("rust", "typescript")])
def test_nanoseconds_survive_where_the_languages_have_them(bus: Bus, caller: str, callee: str) -> None:
    request = {"functionId": f"{callee}-types::echo", "value": {"at": "2024-02-29T23:59:59.123456789Z"}}
    answer = bus.run(bus.bridge.call(f"{caller}-types::relay", request))
    assert answer["at"] == "2024-02-29T23:59:59.123456789Z"


def test_many_calls_at_once_keep_their_answers_apart(bus: Bus) -> None:
    async def crowd() -> list[Everything]:
        return await asyncio.gather(
            *(relayed(bus, *NINE[number % len(NINE)], Everything(signed=number)) for number in range(270))
        )

    assert [answer.signed for answer in bus.run(crowd())] == list(range(270))


@pytest.mark.parametrize("method", ["echo", "relay"])
def test_all_three_register_the_contract_s_schemas(bus: Bus, method: str) -> None:
    async def schemas(language: str) -> tuple[Any, Any]:
        request = {"function_id": f"{language}-types::{method}"}
        detail = await bus.bridge.call("engine::functions::info", request)
        return tuple({**detail[half], "$comment": None} for half in ("request_schema", "response_schema"))

    python, typescript, rust = (bus.run(schemas(language)) for language in LANGUAGES)
    assert python[0]["properties"]
    assert python == typescript == rust
