"""What is checked of each field of a message class: rules and class joined, in the order of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from iii_bridge.contract.plan import Element, FieldPlan, MessagePlan, Shape, plan_of
from iii_bridge.contract.re2 import PatternError
from iii_bridge.contract.rule_checks import Check, Constants, checks_of, size_checks, unique_check
from iii_bridge.contract.rule_fit import misfit
from iii_bridge.contract.rules import (
    CustomRule,
    FieldRules,
    Ignore,
    MapRules,
    MessageOneof,
    MessageRules,
    RepeatedRules,
)
from iii_bridge.errors import UnsupportedError

__all__ = ["FieldChecks", "MessageChecks", "ValueChecks", "custom_rules", "message_checks", "rule_bearers"]


@dataclass(frozen=True, slots=True)
class ValueChecks:
    """Of one value: the field's own, an item, a map's key or value."""

    element: Element
    checks: tuple[Check, ...] = ()
    skip_zero: bool = False
    """Whether a value that is empty or zero is not checked; an empty message counts as such."""
    enters: bool = False
    """Whether the message it is has rules of its own, or holds some that have."""

    def __bool__(self) -> bool:
        return bool(self.checks) or self.enters


@dataclass(frozen=True, slots=True)
class FieldChecks:
    """Of one field. `whole` is asked of a list or a map, `value` of what is in it or of a plain field."""

    field: FieldPlan
    required: bool
    skip_default: bool
    """Whether nothing is checked while the field holds its default value."""
    whole: tuple[Check, ...]
    key: ValueChecks | None
    value: ValueChecks

    def __bool__(self) -> bool:
        return self.required or bool(self.whole or self.key or self.value)


@dataclass(frozen=True, slots=True)
class MessageChecks:
    """Of one message class."""

    plan: MessagePlan
    fields: tuple[FieldChecks, ...]
    """Those with something to check."""
    oneofs: tuple[tuple[str, tuple[FieldPlan, ...]], ...]
    """Oneofs that need a member."""
    groups: tuple[tuple[MessageOneof, tuple[FieldPlan, ...]], ...]
    """Fields of which at most one is set."""


def rule_bearers(root: MessagePlan) -> frozenset[type]:
    """The classes a message holds, itself included, that have rules or hold messages that have."""
    reached: dict[type, set[type]] = {}
    bearers: set[type] = set()
    waiting = [root]
    while waiting:
        plan = waiting.pop()
        if plan.cls in reached:
            continue
        reached[plan.cls] = set()
        if _has_rules(plan):
            bearers.add(plan.cls)
        for field in plan.fields:
            if field.element.shape is Shape.MESSAGE and field.element.cls is not None:
                reached[plan.cls].add(field.element.cls)
                waiting.append(plan_of(field.element.cls))
    grown = True
    while grown:
        more = {cls for cls, held in reached.items() if cls not in bearers and held & bearers}
        bearers |= more
        grown = bool(more)
    return frozenset(bearers)


def _has_rules(plan: MessagePlan) -> bool:
    return (
        plan.schema.rules is not None
        or any(oneof.required for oneof in plan.schema.oneofs)
        or any(field.schema.rules is not None for field in plan.fields)
    )


def custom_rules(bearers: Iterable[type]) -> Iterator[tuple[str, CustomRule]]:
    """The rules of some classes that are not evaluated here, each with the message or field it stands at."""
    for plan in map(plan_of, bearers):
        if plan.schema.rules is not None:
            yield from ((plan.full_name, rule) for rule in plan.schema.rules.custom)
        for field in plan.schema.fields:
            if field.rules is not None:
                yield from ((f"{plan.full_name}.{field.name}", rule) for rule in _all_custom(field.rules))


def _all_custom(rules: FieldRules) -> tuple[CustomRule, ...]:
    """Those of items, keys and values included."""
    return (*rules.custom, *(rule for _, held in rules.parts for rule in _all_custom(held)))


def message_checks(plan: MessagePlan, bearers: frozenset[type], constants: Constants) -> MessageChecks:
    """The checks of a class, by its standard rules. Raises UnsupportedError for those that do not fit."""
    rules = plan.schema.rules or MessageRules()
    by_name = {field.schema.name: field for field in plan.fields}
    groups = tuple((group, tuple(_named(plan, by_name, name) for name in group.fields)) for group in rules.oneofs)
    grouped = {field.schema.number for _, fields in groups for field in fields}
    fields = (_field_checks(plan, field, field.schema.number in grouped, bearers, constants) for field in plan.fields)
    by_number = {field.schema.number: field for field in plan.fields}
    oneofs = tuple(
        (oneof.name, tuple(by_number[number] for number in oneof.fields))
        for oneof in plan.schema.oneofs
        if oneof.required
    )
    return MessageChecks(plan, tuple(filter(None, fields)), oneofs, groups)


def _named(plan: MessagePlan, fields: dict[str, FieldPlan], name: str) -> FieldPlan:
    try:
        return fields[name]
    except KeyError:
        raise UnsupportedError(f"{plan.full_name}: a rule names the field {name}, which does not exist") from None


def _field_checks(
    plan: MessagePlan, field: FieldPlan, grouped: bool, bearers: frozenset[type], constants: Constants
) -> FieldChecks:
    rules = field.schema.rules or FieldRules()
    ignore = Ignore.ZERO if grouped and not rules.ignore_is_written else rules.ignore
    if ignore is Ignore.ALWAYS:
        return FieldChecks(field, False, False, (), None, ValueChecks(field.element))
    _refuse(plan, field, rules)
    try:
        return _checked(field, rules, ignore, bearers, constants)
    except PatternError as error:
        where = f"{plan.full_name}.{field.schema.name}"
        raise UnsupportedError(f"{where} has a pattern that cannot be read: {error}") from error


def _checked(
    field: FieldPlan, rules: FieldRules, ignore: Ignore, bearers: frozenset[type], constants: Constants
) -> FieldChecks:
    whole: tuple[Check, ...] = ()
    key, value = None, _value(replace(rules, ignore=Ignore.UNSET), field.element, bearers, constants)
    if isinstance(rules.value, RepeatedRules):
        whole = tuple(size_checks(rules.value.size, "repeated", "min_items", "max_items", "item"))
        whole += (unique_check(field.element),) if rules.value.unique else ()
        value = _value(rules.value.items, field.element, bearers, constants)
    elif isinstance(rules.value, MapRules) and field.key is not None:
        whole = tuple(size_checks(rules.value.size, "map", "min_pairs", "max_pairs", "pair"))
        key = _value(rules.value.keys, Element(field.key), bearers, constants)
        value = _value(rules.value.values, field.element, bearers, constants)
    skip = ignore is Ignore.ZERO and not field.schema.presence
    return FieldChecks(field, rules.required, skip, whole, key, value)


def _value(rules: FieldRules | None, element: Element, bearers: frozenset[type], constants: Constants) -> ValueChecks:
    rules = rules or FieldRules()
    if rules.ignore is Ignore.ALWAYS:
        return ValueChecks(element)
    checks = checks_of(rules.value, rules.kind, element, constants) if rules.value is not None else ()
    enters = element.shape is Shape.MESSAGE and element.cls in bearers
    return ValueChecks(element, tuple(checks), rules.ignore is Ignore.ZERO, enters)


def _refuse(plan: MessagePlan, field: FieldPlan, rules: FieldRules) -> None:
    schema = field.schema
    inner = schema.map.value if schema.map else schema
    problem = misfit(
        rules,
        inner.kind.name.lower(),
        inner.type_name,
        repeated=schema.repeated,
        key=schema.map.key.kind.name.lower() if schema.map else "",
    )
    if problem:
        raise UnsupportedError(f"{plan.full_name}.{schema.name} {problem}; correct the contract")
