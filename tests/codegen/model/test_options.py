"""Typed readers of options."""

from __future__ import annotations

import pytest

from iii_bridge.contract.spec import Delivery
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Place
from iii_codegen.model.options import Options, seconds

PLACE = Place("a.proto", 3, 5)


def options(**values: object) -> Options:
    return Options(values, PLACE)


def test_readers() -> None:
    read = options(a="x", b={"c": "1.5s"}, d="DELIVERY_VOID", e="DELIVERY_UNSPECIFIED")
    assert (read.text("a"), read.text("none"), read.has("a"), read.has("none")) == ("x", "", True, False)
    assert (read.child("b").seconds("c"), read.child("none").seconds("c")) == (1.5, None)
    assert read.choice("d", "DELIVERY_", Delivery) is Delivery.VOID
    assert read.choice("e", "DELIVERY_", Delivery) is None
    assert read.choice("none", "DELIVERY_", Delivery) is None


@pytest.mark.parametrize(("text", "value"), [("5s", 5.0), ("0.000000001s", 1e-9), ("-3.500s", -3.5)])
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


def test_metadata_is_in_order() -> None:
    report = Report()
    read = options(metadata={"b": "1", "a": "2"}, metadata_json='{"z": [1, null, {"y": 1.5}]}')
    assert list(read.metadata(report, "it").items()) == [("a", "2"), ("b", "1"), ("z", [1, None, {"y": 1.5}])]
    assert report.diagnostics == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "NaN",
        '{"a": NaN}',
        '{"a": Infinity}',
        "{'a': 1}",
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '"x"',
        "{} {}",
    ],
)
def test_json_that_is_no_object(text: str) -> None:
    report = Report()
    assert options(metadata_json=text).metadata(report, "it") == {}
    assert [item.code for item in report.diagnostics] == ([] if text == "" else ["III205"])
