"""The rules against protovalidate itself: the same messages, the same verdicts, at the same places."""

from __future__ import annotations

import itertools
import re
from typing import Any

import protovalidate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.compile_rules import rule_checker
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.problems import CodecError
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_rules import RuledField, contract_text, ruled_fields

_packages = itertools.count()


def fill(message: Any, field: RuledField, values: list[Any]) -> None:
    """Puts values into the field; a plain one takes the first, and stays unset without any."""
    if field.shape in ("map", "key"):
        target = message.a
        for index, value in enumerate(values):
            if field.shape == "key":
                target[value] = ""
            elif field.kind in ("message", "duration", "timestamp", "field_mask"):
                put(target[f"k{index}"], field.kind, value)
            else:
                target[f"k{index}"] = value
    elif field.shape == "list":
        for value in values:
            if field.kind in ("message", "duration", "timestamp", "field_mask"):
                put(message.a.add(), field.kind, value)
            else:
                message.a.append(value)
    elif values:
        kind = message.DESCRIPTOR.fields_by_name["a"].message_type
        if kind is None:
            message.a = values[0]
        else:
            message.a.SetInParent()
            put(message.a, "wrapper" if kind.full_name.endswith("Value") else field.kind, values[0])


def put(message: Any, kind: str, value: Any) -> None:
    if kind == "wrapper":
        message.value = value
    elif kind == "field_mask":
        message.paths.extend(value)
    elif kind != "message":
        message.seconds, message.nanos = value
    elif value is not None:
        message.s = value
        message.x = 1


def their_verdict(message: Any) -> set[str]:
    """The places of what protovalidate finds."""
    return set(map(place, protovalidate.collect_violations(message)))


def place(violation: protovalidate.Violation) -> str:
    text = "$"
    for element in violation.proto.field.elements:
        if element.field_name == "choice":  # a oneof: we name the message around it
            break
        text += f".{element.field_name}"
        match element.subscript:
            case None:
                pass
            case subscript if subscript.field == "index":
                text += f"[{subscript.value}]"
            case subscript:
                text += "[key]"
    return text


def checked(checker: Any, message: Any) -> str | None:
    try:
        checker.check(message)
    except CodecError as error:
        return str(error)
    return None


def our_verdict(checker: Any, message: Any) -> set[str]:
    """The same of ours, with the compiled check asked too."""
    found = checker.violations(message)
    assert checked(checker, message) == (str(found[0]) if found else None)
    return {re.sub(r'\[".*?"\]', "[key]", error.path) for error in found}


@settings(deadline=None, max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(ruled_fields(), min_size=4, max_size=8), st.data())
def test_the_same_verdict_at_the_same_places(fields: list[RuledField], data: st.DataObject) -> None:
    package = f"referee{next(_packages)}.v1"
    text = contract_text(package, fields)
    contract = compile_proto(text, f"{package}.proto")
    for index, field in enumerate(fields):
        theirs = contract.google(f"{package}.M{index}")
        ours: Any = contract.cls(f"{package}.M{index}")
        checker, of_google = rule_checker(plan_of(ours)), rule_checker(plan_of(theirs))
        for _ in range(12):
            message = theirs()
            fill(message, field, data.draw(st.lists(st.sampled_from(field.values), max_size=3)))
            expected = their_verdict(message)
            found = our_verdict(checker, ours.parse(message.SerializeToString())) if checker else set()
            directly = our_verdict(of_google, message) if of_google else set()
            shown = f"{field.declaration} [{field.rules}] of {str(message)!r}"
            assert (found, directly) == (expected, expected), shown
