"""Unknown members on the compiled path: the same message, counts and refusals as on the exact one."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from iii_bridge.contract.compile_decode import FAILURES
from iii_bridge.contract.fast_values import Unusual
from iii_bridge.contract.json_text import MAX_DEPTH, parse_json
from iii_bridge.contract.leftovers import leftovers_of
from iii_bridge.contract.protojson import Codec, CodecError
from iii_bridge.contract.spec import Defaults, JsonProfile, Names, UnknownMembers
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.random_messages import Randomizer

UNKNOWN_NAMES = ["newer", "colour", "tag\u00e9", 'a"b', "a:", "", "x" * 200]
UNKNOWN_VALUES: list[Any] = [1, None, "x", '":', [], {}, [{"a": [{"b": 1}]}], {"newer": {"orderId": 1}}, 1.5, True]


def sprinkled(value: Any, chance: random.Random) -> Any:
    """The same JSON with unknown members in some of its objects."""
    if isinstance(value, list):
        return [sprinkled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    members = [(name, sprinkled(member, chance)) for name, member in value.items()]
    if chance.random() < 0.3:
        members.append((chance.choice(UNKNOWN_NAMES), chance.choice(UNKNOWN_VALUES)))
    chance.shuffle(members)
    return dict(members)


def taken_by(codec: Codec[Any], document: str, fast: bool) -> tuple[str | None, dict[str, int]]:
    """What one path makes of a document, and what it counts; None for one it leaves or refuses."""
    before = dict(codec.unknown_counts)
    try:
        if fast:
            message = codec._fast_decoder.decode(document.encode(), codec._unknown)
        else:
            message = codec._exact(parse_json(document.encode()))
    except (CodecError, *FAILURES):
        return None, {}
    after = codec.unknown_counts
    return repr(message), {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name)}


@pytest.mark.parametrize("policy", list(UnknownMembers))
@pytest.mark.parametrize("names", list(Names))
def test_both_paths_agree_on_unknown_members(policy: UnknownMembers, names: Names) -> None:
    contract, cls = everything(), everything().cls("every.v1.Everything")
    codec = Codec(cls, JsonProfile(names=names, defaults=Defaults.OMIT), policy)
    chance, randomizer = random.Random(5), Randomizer(5, fill=0.06, special=0.0)
    taken = 0
    for _ in range(300):
        message = cls.parse(randomizer.message(contract.google("every.v1.Everything")).SerializeToString())
        document = json.dumps(
            sprinkled(json.loads(codec.encode(message)), chance), indent=chance.choice((None, None, 1))
        )
        fast, exact = taken_by(codec, document, fast=True), taken_by(codec, document, fast=False)
        assert fast[0] is None or fast == exact, document
        taken += fast[0] is not None
    assert taken > (15 if policy is UnknownMembers.REJECT else 100)


def test_an_unknown_member_twice_is_refused_at_any_depth() -> None:
    codec = Codec(orders().cls("shop.v1.Order"), JsonProfile(), UnknownMembers.IGNORE)
    for document in (
        '{"newer":1,"newer":1}',
        '{"lines":[{"newer":1,"n\\u0065wer":1}]}',
        '{"newer":[{"a":1,"a":2}]}',
        '{"newer" :"x\\":","newer":1}',
        '{"newer":1,"orderId":"a","orderId":"a"}',
    ):
        assert taken_by(codec, document, fast=True)[0] is None
        with pytest.raises(CodecError, match="occurs twice"):
            codec.decode(document)


def test_the_other_spelling_is_a_field_and_no_unknown_member() -> None:
    cls = orders().cls("shop.v1.Order")
    codec = Codec(cls, JsonProfile(), UnknownMembers.IGNORE)
    assert codec.decode('{"order_id":"a","lines":[{"price":{"currency_code":"EUR"}}]}').order_id == "a"
    with pytest.raises(Unusual):
        leftovers_of(b'{"lines":[{"price":{"currency_code":"EUR"}}]}', cls, Names.JSON)
    with pytest.raises(Unusual):
        leftovers_of(b'{"orderId":"a"}', cls, Names.PROTO)
    assert codec.unknown_counts == {}


def test_members_are_counted_at_every_depth() -> None:
    cls = everything().cls("every.v1.Everything")
    document = b'{"struct":{"a":[{"b":1}]},"byBool":{"true":{"number":1,"?":{"x":1}}},"smalls":[{"?":0},{"?":0}],"!":2}'
    members, unknown = leftovers_of(document, cls, Names.JSON)
    assert members == document.count(b'":')
    assert [(place.pattern(), times) for place, times in unknown] == [
        ('$["!"]', 1),
        ('$.smalls[*]["?"]', 2),
        ('$.byBool[*]["?"]', 1),
    ]


def test_the_callers_member_is_none_of_them() -> None:
    codec = Codec(orders().cls("shop.v1.Order"), JsonProfile(), UnknownMembers.IGNORE)
    document = '{"newer":1,"_caller_worker_id":"w","orderId":"a"}'
    assert codec.decode_request(document).caller_worker_id == "w"
    assert codec.unknown_counts == {"$.newer": 1}
    codec.decode(document)
    assert codec.unknown_counts == {"$.newer": 2, "$._caller_worker_id": 1}


def test_a_redacted_field_hides_unknown_names() -> None:
    codec = Codec(rules().cls("rules.v1.Secret"), JsonProfile(), UnknownMembers.IGNORE)
    codec.decode('{"box":{"hunter2":1}}')
    assert codec.unknown_counts == {"$.box[*]": 1}


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH + 1, 50_000])
def test_unknown_members_have_a_limit_too(levels: int) -> None:
    codec = Codec(orders().cls("shop.v1.Order"), JsonProfile(), UnknownMembers.IGNORE)
    document = '{"newer":' + "[" * levels + "]" * levels + "}"
    if levels <= MAX_DEPTH:
        codec.decode(document)
        assert taken_by(codec, document, fast=True) == taken_by(codec, document, fast=False)
        return
    assert taken_by(codec, document, fast=True)[0] is None
    with pytest.raises(CodecError, match="nested"):
        codec.decode(document)
