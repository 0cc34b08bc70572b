"""The compiled decoder: what it takes by itself, and that it never takes too much."""

from __future__ import annotations

import pytest

from iii_bridge.contract.compile_decode import FAILURES, FastDecoder, decoder_space
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.spec import JsonProfile, Names, UnknownMembers
from iii_bridge.contract.unknown import UnknownLog
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_slow_decode import REFUSED


def decoder(cls: type, names: Names = Names.JSON, request: bool = False) -> FastDecoder:
    plan = plan_of(cls)
    return decoder_space(names, plan.backend).decoder(plan, request)


def log(policy: UnknownMembers = UnknownMembers.REJECT) -> UnknownLog:
    return UnknownLog("a message", policy)


@pytest.mark.parametrize("document", [document for document, _, _ in REFUSED], ids=lambda document: document[:60])
def test_it_takes_nothing_that_is_refused(document: str) -> None:
    with pytest.raises(FAILURES):
        decoder(everything().cls("every.v1.Everything")).decode(document.encode(), log())


@pytest.mark.parametrize("names", list(Names))
def test_it_takes_what_we_print(names: Names) -> None:
    contract = orders()
    cls = contract.cls("shop.v1.Order")
    codec = codec_for(cls, JsonProfile(names=names))
    randomizer = Randomizer(3, fill=0.9, special=0.0)
    for _ in range(100):
        message = cls.parse(randomizer.message(contract.google("shop.v1.Order")).SerializeToString())
        message.status = contract.cls("shop.v1.Status")(1)
        assert decoder(cls, names).decode(codec.encode(message), log()) == message


@pytest.mark.parametrize(
    "document",
    [
        '{"orderId":null,"lines":null,"note":null,"placedAt":null,"labels":null}',
        '{ "orderId" : "a" , "lines" : [ { "sku" : "b" } ] }',
        '{"orderId":"\\": :"}',
        '{"customerNumber":5,"status":2,"weight":3}',
        '{"cardToken":"a","invoiceNumber":null}',
    ],
)
def test_it_takes_usual_variations(document: str) -> None:
    cls = orders().cls("shop.v1.Order")
    message = decoder(cls).decode(document.encode(), log())
    assert message == codec_for(cls).decode(document)


def test_it_takes_null_for_null_values_and_leaves_their_names() -> None:
    cls = everything().cls("every.v1.Everything")
    for document in ('{"null":null}', '{"choiceNull":null}', '{"value":null,"values":[null]}', '{"choiceValue":null}'):
        assert decoder(cls).decode(document.encode(), log()) == codec_for(cls).decode(document)
    assert decoder(cls).decode(b'{"choiceNull":null}', log()).choice_null == 0
    for document in ('{"null":"NULL_VALUE"}', '{"null":0}'):
        with pytest.raises(FAILURES):
            decoder(cls).decode(document.encode(), log())


def test_it_leaves_other_spellings_to_the_exact_decoder() -> None:
    cls = orders().cls("shop.v1.Order")
    for document in (
        '{"order_id":"a","customerNumber":"5"}',
        '{"customerNumber":"5.0"}',
        '{"weight":"1"}',
        '{"signature":"-_8"}',
        '{"x":1}',
    ):
        with pytest.raises(FAILURES):
            decoder(cls).decode(document.encode(), log())
        assert codec_for(cls).decode(document) is not None


@pytest.mark.parametrize("names", list(Names))
def test_it_takes_either_spelling_of_names_but_no_mixture(names: Names) -> None:
    contract = orders()
    cls = contract.cls("shop.v1.Order")
    for other in Names:
        codec = codec_for(cls, JsonProfile(names=other))
        message = cls(order_id="a", lines=[contract.cls("shop.v1.Line")(sku="b")], tags=["c"])
        assert decoder(cls, names).decode(codec.encode(message), log()) == message
        document = codec.encode(message).replace(b"{", b'{"_caller_worker_id":"w",', 1)
        assert decoder(cls, names, request=True).decode_request(document, log()) == (message, "w")
    mixed = b'{"order_id":"a","lines":[{"price":{"currencyCode":"EUR"}}]}'
    with pytest.raises(FAILURES):
        decoder(cls, names).decode(mixed, log())
    with pytest.raises(FAILURES):
        decoder(cls, names).decode(b'{"order_id":"a","orderId":"a"}', log())


def test_requests_carry_the_caller() -> None:
    cls = orders().cls("shop.v1.Order")
    document = b'{"orderId":"a","_caller_worker_id":"w"}'
    assert decoder(cls, request=True).decode_request(document, log()) == (cls(order_id="a"), "w")
    assert decoder(cls, request=True).decode_request(b'{"orderId":"a"}', log()) == (cls(order_id="a"), None)
    with pytest.raises(FAILURES):
        decoder(cls).decode(document, log())


def test_required_members_are_required() -> None:
    with pytest.raises(FAILURES):
        decoder(rules().cls("rules.v1.Item")).decode(b"{}", log())
    assert decoder(rules().cls("rules.v1.Item")).decode(b'{"ready":false}', log()).ready is False


def test_structs_are_counted_and_measured() -> None:
    cls = everything().cls("every.v1.Everything")
    plain = '{"struct":{"a":{"b":[{"c":1},null]}},"valuesByName":{"x":{"y":true}}}'
    assert decoder(cls).decode(plain.encode(), log()) == codec_for(cls).decode(plain)
    with pytest.raises(FAILURES):
        decoder(cls).decode(b'{"struct":{"a":{"b":1,"b":1}}}', log())
    deep = '{"struct":' + '{"a":' * 100 + "1" + "}" * 101
    with pytest.raises(FAILURES):
        decoder(cls).decode(deep.encode(), log())


def test_a_contract_may_not_claim_the_engines_member() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package own.v1; message M { string id = 1 [json_name = "_caller_worker_id"]; }', "own.proto"
    )
    assert decoder(contract.cls("own.v1.M")).decode(b'{"_caller_worker_id":"a"}', log()).id == "a"
    with pytest.raises(UnsupportedError, match="rename it"):
        decoder(contract.cls("own.v1.M"), request=True)
