"""What both compilers share."""

from __future__ import annotations

import pytest

from iii_bridge.contract.compile_encode import encoder_space
from iii_bridge.contract.compile_space import headroom, held_by, indented
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.protojson import codec_for
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
    space = encoder_space(JsonProfile())
    assert space is encoder_space(JsonProfile())
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
