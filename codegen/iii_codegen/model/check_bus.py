"""Lints for contracts on a bus: nothing here is wrong, and all of it has cost somebody an evening."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from iii_bridge.contract.rules import BytesRules
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Field, Kind, Message, Method, Tree

__all__ = ["check_bus"]

_ID: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*(?:::[a-z0-9]+(?:[-.][a-z0-9]+)*)+")
T = TypeVar("T")

_LONG: Final = frozenset((Kind.INT64, Kind.SINT64, Kind.SFIXED64, Kind.UINT64, Kind.FIXED64))


def check_bus(tree: Tree, report: Report) -> None:
    """Reports what is legal and unwise in the generated files."""
    for file in tree.generated_files():
        for service in file.services:
            for method in service.methods:
                _check_id(method, report)
                _check_description(method, report)
        for message in file.all_messages():
            for field in message.fields:
                _check_field(message, field, report)
            _check_names(message, report)
    _check_cases(tree, report)


def _check_id(method: Method, report: Report) -> None:
    function_id = method.contract.function_id
    if function_id and not _ID.fullmatch(function_id):
        problem = f"function id {function_id} of {method.full_name} is not in lower case of the form part::part"
        report.add("III601", method.option_place, problem)


def _check_cases(tree: Tree, report: Report) -> None:
    """Ids that differ in case or separators only are one id to whoever reads a catalogue."""
    methods = [m for file in tree.generated_files() for service in file.services for m in service.methods]
    for method, other in _twins(methods, lambda method: method.contract.function_id):
        problem = (
            f"function id {method.contract.function_id} of {method.full_name} reads like that of {other.full_name}"
        )
        report.add("III602", method.option_place, problem)


def _check_description(method: Method, report: Report) -> None:
    if not method.contract.description:
        report.add("III606", method.place, f"{method.full_name} says nowhere what it does")


def _check_field(message: Message, field: Field, report: Report) -> None:
    name = f"{message.full_name}.{field.name}"
    if field.key in _LONG:
        problem = f"keys of map {name} are 64-bit integers, which JavaScript has no exact number for"
        report.add("III603", field.place, problem)
    if field.element.kind is Kind.BYTES and not _is_bounded(field):
        report.add("III605", field.place, f"bytes of field {name} may be larger than a frame")


def _is_bounded(field: Field) -> bool:
    """Whether a rule limits the length of each value."""
    rules = [field.rules, *(part for _, part in field.rules.parts)] if field.rules is not None else []
    values = [item.value for item in rules]
    return any(
        isinstance(value, BytesRules) and (value.length.most is not None or value.const is not None or value.one_of)
        for value in values
    )


def _check_names(message: Message, report: Report) -> None:
    for field, other in _twins(message.fields, lambda field: field.json_name):
        if field.json_name != other.json_name:  # equal ones are an error, III102
            problem = f"JSON name {field.json_name} of {message.full_name}.{field.name} reads like that of {other.name}"
            report.add("III604", field.place, problem)


def _twins(items: Iterable[T], name: Callable[[T], str]) -> Iterator[tuple[T, T]]:
    """Items whose names differ in case, `-` and `_` only, each with the first of its kind."""
    first: dict[str, T] = {}
    for item in items:
        known = first.setdefault(re.sub("[-_]", "", name(item)).casefold(), item)
        if known is not item:
            yield item, known
