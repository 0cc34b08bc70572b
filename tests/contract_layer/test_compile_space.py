"""What both compilers share."""

from __future__ import annotations

import pytest

from iii_bridge.contract.compile_encode import encoder_space
from iii_bridge.contract.compile_space import has_plain_names, headroom, held_by, indented
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.contract.spec import JsonProfile
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.contracts import everything, orders
from tests.contract_layer.dynamic import compile_proto


def test_a_message_holds_others_directly() -> None:
    contract = orders()
    assert [plan.cls for plan in held_by(plan_of(contract.cls("shop.v1.Order")))] == [contract.cls("shop.v1.Line")]
    assert held_by(plan_of(contract.cls("shop.v1.Money"))) == []


def test_headroom_is_for_those_who_do_not_count_themselves() -> None:
    assert headroom(plan_of(everything().cls("every.v1.Node"))) == 1
    assert headroom(plan_of(orders().cls("shop.v1.Order"))) == 3


def test_a_class_is_compiled_once() -> None:
    plan = plan_of(orders().cls("shop.v1.Order"))
    space = encoder_space(JsonProfile(), plan.backend)
    assert space is encoder_space(JsonProfile(), plan.backend)
    assert space.encoder(plan)._tree is space.encoder(plan)._tree


def test_a_refused_contract_leaves_no_trace() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package trace.v1; message Good { int32 n = 1; }'
        'message Bad { int32 a = 1 [json_name = "b"]; int32 b = 2 [json_name = "c"]; }'
        "message Outer { Good good = 1; Bad bad = 2; }",
        "trace.proto",
    )
    codec = codec_for(contract.cls("trace.v1.Outer"))
    for _ in range(2):
        with pytest.raises(UnsupportedError):
            codec.encode(contract.cls("trace.v1.Outer")())
    assert codec_for(contract.cls("trace.v1.Good")).encode(contract.cls("trace.v1.Good")(n=1)) == b'{"n":1}'


def test_lines_go_one_level_deeper() -> None:
    assert indented(["if x:", "    y"]) == ["    if x:", "        y"]


def test_names_that_json_escapes_are_left_to_the_exact_codec() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package escaped.v1; message Holder { repeated Odd odds = 1; Holder next = 2; }'
        r"""message Odd { string a = 1 [json_name = "the \"a\""]; int32 b = 2 [json_name = "back\\slash"]; }"""
        r"""message Plain { string a = 1 [json_name = "é '@' a"]; }""",
        "escaped.proto",
    )
    odd, holder, plain = (contract.cls(f"escaped.v1.{name}") for name in ("Odd", "Holder", "Plain"))
    assert [has_plain_names(plan_of(cls)) for cls in (odd, holder, plain)] == [False, False, True]
    text = rb"""{"odds":[{"the \"a\"":"x","back\\slash":5}]}"""
    for _ in range(2):
        message = codec_for(holder).decode(text)
        assert message.odds == [odd(a="x", b=5)]
        assert codec_for(holder).encode(message) == text
    with pytest.raises(CodecError, match="twice"):
        codec_for(odd).decode(rb"""{"the \"a\"": "x", "the \u0022a\u0022": "y"}""")
