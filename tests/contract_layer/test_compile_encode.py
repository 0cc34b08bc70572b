"""The compiled encoder: what it takes by itself, and that it never takes too much."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import msgspec
import pytest

from iii_bridge.contract.compile_encode import FAILURES, FastEncoder, encoder_space
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.problems import Path
from iii_bridge.contract.protojson import Codec
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names, UnknownMembers
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_slow_encode import REFUSED

PROFILES = [JsonProfile(*axes) for axes in itertools.product(Names, Int64, Enums, Defaults)]


def encoder(cls: type, profile: JsonProfile = PROFILES[0]) -> FastEncoder:
    plan = plan_of(cls)
    return encoder_space(profile, plan.backend).encoder(plan)


@pytest.mark.parametrize("defaults", list(Defaults))
@pytest.mark.parametrize(
    ("attribute", "value"),
    [row[:2] for row in REFUSED],
    ids=[f"{row[0]}-{number}" for number, row in enumerate(REFUSED)],
)
def test_it_takes_nothing_that_is_refused(attribute: str, value: Any, defaults: Defaults) -> None:
    message = everything().cls("every.v1.Everything")()
    setattr(message, attribute, value)
    with pytest.raises(FAILURES):
        encoder(type(message), JsonProfile(defaults=defaults)).encode(message)


@pytest.mark.parametrize("profile", PROFILES, ids=str)
def test_it_writes_what_the_exact_encoder_writes(profile: JsonProfile) -> None:
    contract = everything()
    cls = contract.cls("every.v1.Everything")
    codec: Codec[Any] = Codec(cls, profile, UnknownMembers.IGNORE)
    randomizer = Randomizer(5, fill=0.3, special=0.0, anys=(contract.google("every.v1.Small"),))
    taken = 0
    for _ in range(30):
        message = cls.parse(randomizer.message(contract.google("every.v1.Everything")).SerializeToString())
        exact = codec._write(message, Path(), 0)
        try:
            written = encoder(cls, profile).encode(message)
        except FAILURES:
            continue
        taken += 1
        assert written == msgspec.json.encode(exact)
    assert taken > 3


@pytest.mark.parametrize(
    "length", [0, 1, -1, 86_399, -86_400, 864_000_000, 864_086_400, 1.5, -0.25, 315_576_000_000], ids=str
)
def test_durations_are_written_alike_on_both_paths(length: float) -> None:
    cls = everything().cls("every.v1.Everything")
    codec: Codec[Any] = Codec(cls, JsonProfile(), UnknownMembers.IGNORE)
    message = cls(duration=datetime.timedelta(seconds=length))
    assert encoder(cls, JsonProfile()).encode(message) == msgspec.json.encode(codec._exact_tree(message))


def test_orders_never_need_the_exact_encoder() -> None:
    contract = orders()
    cls = contract.cls("shop.v1.Order")
    randomizer = Randomizer(9, fill=0.9, special=0.0)
    for profile in PROFILES:
        for _ in range(20):
            message = cls.parse(randomizer.message(contract.google("shop.v1.Order")).SerializeToString())
            message.status = contract.cls("shop.v1.Status")(2)
            assert encoder(cls, profile).encode(message)


def test_required_members_are_written_or_left_to_the_exact_encoder() -> None:
    omit = JsonProfile(defaults=Defaults.OMIT)
    item = rules().cls("rules.v1.Item")
    assert encoder(item, omit).encode(item()) == b'{"ready":false}'
    request = rules().cls("rules.v1.Request")
    with pytest.raises(FAILURES):
        encoder(request, omit).encode(request())


def test_another_class_is_left_to_the_exact_encoder() -> None:
    with pytest.raises(FAILURES):
        encoder(orders().cls("shop.v1.Order")).encode(orders().cls("shop.v1.Line")())
