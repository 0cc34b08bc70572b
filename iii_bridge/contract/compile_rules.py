"""Validation rules as functions: Python source made from rule plans, one function per message class.

The function says whether a message breaks a rule, and stops at the first one.
For a message with a bounded number, an optional string with a prefix and a
list of other messages that have rules it reads (the lines that touch messages
are the library's, here betterproto2's)

    def r4(m, t):
        v = m.quantity
        if not v >= 1:
            return True
        v = m.note
        if v is not None:
            if not v.startswith('a'):
                return True
        v = m.lines
        f = v
        for v in f:
            if r5(v, t):
                return True
        return False

`t` is now. Only classes that have rules, or hold messages that have, get a
function, so a contract without rules costs nothing. What is broken, and where,
is found by `slow_rules`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.cel_rules import CelRules
from iii_bridge.contract.compile_space import CompileSpace, indented
from iii_bridge.contract.plan import FieldPlan, MessagePlan, plan_of
from iii_bridge.contract.problems import CodecError
from iii_bridge.contract.rule_checks import Check, Constants, is_set, is_something, prepared
from iii_bridge.contract.rule_plan import (
    FieldChecks,
    MessageChecks,
    ValueChecks,
    custom_rules,
    message_checks,
    rule_bearers,
)
from iii_bridge.contract.slow_rules import RuleReader
from iii_bridge.contract.spec import Names

__all__ = ["RuleChecker", "rule_checker"]


class RuleChecker:
    """Checks the messages of one class. Get it from `rule_checker`.

    Rules about now take it from the clock of this machine, once per message.
    """

    def __init__(
        self,
        breaks: Callable[[Any, int], bool],
        reader: RuleReader,
        custom: CelRules | None,
        now: Callable[[], int],
    ) -> None:
        self._breaks = breaks
        self._reader = reader
        self._custom = custom
        self._now = now

    def check(self, message: Any) -> None:
        """Raises CodecError for the first rule that a valid message breaks, in the order of the contract.

        Rules in CEL come after the others.
        """
        now = self._now()
        if self._breaks(message, now):
            raise self._reader.violations(message, now)[0]
        if self._custom is not None:
            self._custom.check(message)

    def violations(self, message: Any) -> list[CodecError]:
        """Every rule that is broken."""
        found = self._reader.violations(message, self._now())
        return found or (self._custom.violations(message) if self._custom is not None else [])


def rule_checker(
    plan: MessagePlan, names: Names = Names.JSON, now: Callable[[], int] = time.time_ns
) -> RuleChecker | None:
    """The checker of a message class; None where neither it nor what it holds has rules.

    `names` is how places are spelled, `now` gives nanoseconds since 1970.
    Raises UnsupportedError for rules that do not fit their fields, or that
    cannot be evaluated for this message library.
    """
    bearers = rule_bearers(plan)
    if not bearers:
        return None
    custom = list(custom_rules(bearers))
    space = _space(plan.backend)
    with space.lock:
        breaks = space.function(plan, bearers)
    reader = RuleReader(plan.cls, space.checks, space.constants, names)
    return RuleChecker(breaks, reader, CelRules(plan, names, custom) if custom else None, now)


class _Space(CompileSpace):
    """Everything compiled for one library: classes share functions, and recursion finds them by name."""

    def __init__(self, backend: MessageBackend) -> None:
        super().__init__(Names.JSON)
        self._source = backend.source
        self.lock = self._lock
        self.constants = Constants(backend)
        self.checks: dict[type, MessageChecks] = {}
        self._globals = self.constants.names
        self._globals.update(self._source.names)

    def function(self, plan: MessagePlan, bearers: frozenset[type]) -> Callable[[Any, int], bool]:
        """The function of a class; compiles what is not compiled yet."""
        for cls in bearers - self.checks.keys():  # before anything is numbered: what is refused leaves no trace
            self.checks[cls] = message_checks(plan_of(cls), bearers, self.constants)
        found: Callable[[Any, int], bool] = self._globals[f"r{self._compile(plan)}"]
        return found

    def _define(self, plan: MessagePlan, number: int) -> None:
        if plan.cls in self.checks:
            self._execute(self._function(self.checks[plan.cls], number), "rules", plan)

    # --- source ------------------------------------------------------------------------------------------------------

    def _function(self, checks: MessageChecks, number: int) -> list[str]:
        lines: list[str] = []
        for _, members in checks.oneofs:
            lines += [*self._count(members), *_broken_if("n == 0")]
        for group, members in checks.groups:
            lines += [*self._count(members), *_broken_if("n != 1" if group.required else "n > 1")]
        for field in checks.fields:
            lines += self._field(field)
        return [f"def r{number}(m, t):", *indented([*lines, "return False"])]

    def _count(self, members: tuple[FieldPlan, ...]) -> list[str]:
        lines = ["n = 0"]
        for member in members:
            lines += self._if_set(member, ["n += 1"])
        return lines

    def _if_set(self, field: FieldPlan, then: list[str]) -> list[str]:
        if field.schema.presence:
            return self._source.if_present(field, then)
        return [f"v = {self._source.load(field)}", f"if {is_set(field, 'v')}:", *indented(then)]

    def _field(self, checks: FieldChecks) -> list[str]:
        field = checks.field
        inner = self._value(checks.value) if field.is_plain else self._many(checks)
        if checks.required:
            return [*self._if_set(field, inner or ["pass"]), "else:", "    return True"]
        if field.schema.presence or checks.skip_default:
            return self._if_set(field, inner) if inner else []
        return [f"v = {self._source.load(field)}", *inner]

    def _many(self, checks: FieldChecks) -> list[str]:
        """Of a list or a map: itself, then its keys, then what it holds."""
        lines = _conditions(checks.whole)
        loops: list[str] = []
        if checks.key is not None and (inner := self._value(checks.key)):
            loops += ["for v in f:", *indented(inner)]
        if inner := self._value(checks.value):
            loops += [f"for v in f{'' if checks.field.key is None else '.values()'}:", *indented(inner)]
        return [*lines, *(["f = v", *loops] if loops else [])]

    def _value(self, checks: ValueChecks) -> list[str]:
        lines: list[str] = []
        if checks.enters and checks.element.cls is not None:
            lines += _broken_if(f"r{self._numbers[checks.element.cls]}(v, t)")
        if checks.checks:
            plain = self._source.unboxed("v") if checks.element.boxed else "v"
            seen = prepared(checks.element, plain)
            lines += [f"v = {seen}"] if seen != "v" else []
        lines += _conditions(checks.checks)
        return [f"if {is_something(checks.element, 'v')}:", *indented(lines)] if lines and checks.skip_zero else lines


def _conditions(checks: tuple[Check, ...]) -> list[str]:
    return [line for check in checks for line in _broken_if(check.condition)]


def _broken_if(condition: str) -> list[str]:
    return [f"if {condition}:", "    return True"]


@functools.cache
def _space(backend: MessageBackend) -> _Space:
    return _Space(backend)
