"""Checks of validation rules: whether they fit their fields, can be followed, and are evaluated here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from iii_bridge.contract.re2 import PatternError
from iii_bridge.contract.re2_match import matcher
from iii_bridge.contract.re2_text import ecma_pattern
from iii_bridge.contract.rule_fit import misfit
from iii_bridge.contract.rules import (
    BytesRules,
    CustomRule,
    EnumRules,
    FieldRules,
    MapRules,
    NumberRules,
    RepeatedRules,
    Size,
    StringRules,
)
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Cardinality, Field, Message, Place, Tree

__all__ = ["check_cel", "check_rules"]

_SHOWN: Final = 60


def check_rules(tree: Tree, report: Report) -> None:
    """Reports rules of the generated files that cannot be kept."""
    for file in tree.generated_files():
        for message in file.all_messages():
            _check_message(message, report)
            for field in message.fields:
                if field.rules is not None:
                    _check_field(field, field.rules, report)


def check_cel(tree: Tree, report: Report) -> None:
    """Reports rules in CEL in the generated files, for message libraries whose messages they are not evaluated for."""
    for file in tree.generated_files():
        for message in file.all_messages():
            rules = [] if message.rules is None else [(message.full_name, message.place, message.rules.custom)]
            for field in message.fields:
                if field.rules is not None:
                    place = field.option_place or field.place
                    rules += [(what, place, held.custom) for what, held in _parts(f"field {field.name}", field.rules)]
            for what, place, custom in rules:
                for rule in custom:
                    if rule.cel:
                        report.add("III504", place, f"{what} has a rule in CEL: {_cut(rule.name)}")


def _check_message(message: Message, report: Report) -> None:
    if message.rules is None:
        return
    names = {field.name for field in message.fields}
    for group in message.rules.oneofs:
        twice = [name for name, count in Counter(group.fields).items() if count > 1]
        unknown = [name for name in group.fields if name not in names]
        if unknown:
            report.add("III505", message.place, f"a rule of {message.full_name} names {unknown[0]}, which is no field")
        elif twice or not group.fields:
            what = f"names {twice[0]} twice" if twice else "names no fields"
            report.add("III505", message.place, f"a rule of {message.full_name} {what}")
    _check_known(message.full_name, message.rules.custom, message.place, report)


def _check_field(field: Field, rules: FieldRules, report: Report) -> None:
    place = field.option_place or field.place
    problem = misfit(
        rules,
        field.element.kind.value,
        field.element.type_name,
        repeated=field.cardinality is Cardinality.REPEATED,
        key=field.key.value if field.key else "",
    )
    if problem:
        report.add("III501", place, f"field {field.name} {problem}")
        return
    for what, inner in _parts(f"field {field.name}", rules):
        _check_known(what, inner.custom, place, report)
        for impossible in _impossible(inner):
            report.add("III502", place, f"{what} can never be right: {impossible}")
        _check_pattern(what, inner, place, report)


def _parts(what: str, rules: FieldRules) -> Iterator[tuple[str, FieldRules]]:
    """The rules of a field, and those of its items, keys and values."""
    yield what, rules
    for word, held in rules.parts:
        yield from _parts(f"a {word} of {what}", held)


def _check_known(what: str, custom: tuple[CustomRule, ...], place: Place, report: Report) -> None:
    for rule in custom:
        if not rule.cel:
            report.add("III506", place, f"{what} has a rule that is not known: {rule.name}")


def _check_pattern(what: str, rules: FieldRules, place: Place, report: Report) -> None:
    if not isinstance(rules.value, StringRules | BytesRules) or rules.value.pattern is None:
        return
    try:
        matcher(rules.value.pattern)
        written = ecma_pattern(rules.value.pattern)
    except PatternError as error:
        report.add("III503", place, f"pattern of {what} cannot be read: {error}")
    else:
        if written is None and isinstance(rules.value, StringRules):
            report.add("III507", place, f"pattern of {what} is not said in schemas")


def _impossible(rules: FieldRules) -> Iterator[str]:
    """Rules that contradict each other, as far as two of them show it."""
    match rules.value:
        case NumberRules() as numbers:
            yield from _no_number(numbers)
            yield from _no_choice(numbers.const, numbers.one_of, numbers.none_of)
        case StringRules() as texts:
            yield from _no_size("len", texts.length)
            yield from _no_size("bytes", texts.bytes_length)
            yield from _no_choice(texts.const, texts.one_of, texts.none_of)
        case BytesRules() as data:
            yield from _no_size("len", data.length)
            yield from _no_choice(data.const, data.one_of, data.none_of)
        case EnumRules() as enum:
            yield from _no_choice(enum.const, enum.one_of, enum.none_of)
        case RepeatedRules(size=size):
            yield from _no_size("items", size)
        case MapRules(size=size):
            yield from _no_size("pairs", size)
        case _:
            return


def _no_size(name: str, size: Size) -> Iterator[str]:
    if size.least is not None and size.most is not None and size.most < size.least:
        yield f"min_{name} is more than max_{name}"


def _no_number(rules: NumberRules) -> Iterator[str]:
    if rules.lower is None or rules.upper is None or rules.excludes_between:
        return
    if rules.lower.value == rules.upper.value and not (rules.lower.inclusive and rules.upper.inclusive):
        yield "the bounds are one value, which one of them leaves out"


def _no_choice(const: object, one_of: Sequence[object], none_of: Sequence[object]) -> Iterator[str]:
    if const is not None and one_of and const not in one_of:
        yield "const is not among the values of in"
    if const is not None and const in none_of:
        yield "const is among the values of not_in"
    if one_of and all(value in none_of for value in one_of):
        yield "every value of in is among those of not_in"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
