"""Which rules a message breaks, and where: read from the same checks that the compiled functions are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.plan import FieldPlan
from iii_bridge.contract.problems import CodecError, Path
from iii_bridge.contract.rule_checks import Check, Constants, is_set, is_something, prepared
from iii_bridge.contract.rule_plan import FieldChecks, MessageChecks, ValueChecks
from iii_bridge.contract.rules import MessageOneof
from iii_bridge.contract.spec import Names

__all__ = ["RuleReader"]


class RuleReader:
    """Reads messages of one class, and those they hold."""

    def __init__(self, cls: type, checks: Mapping[type, MessageChecks], constants: Constants, names: Names) -> None:
        self._cls = cls
        self._checks = checks
        self._constants = constants
        self._names = names

    def violations(self, message: Any, now: int) -> list[CodecError]:
        """One for each rule that is broken, in the order of the contract. `now` in nanoseconds since 1970."""
        return list(self._message(self._cls, message, Path(), now))

    def _is(self, condition: str, value: Any, now: int = 0) -> bool:
        return bool(self._constants.function(condition)(value, now))

    def _message(self, cls: type, message: Any, path: Path, now: int) -> Iterator[CodecError]:
        checks = self._checks[cls]
        for name, members in checks.oneofs:
            if not self._set(message, checks.plan.backend, members):
                yield path.fail(f"a member of the oneof {name} must be set")
        for group, members in checks.groups:
            yield from self._group(group, self._set(message, checks.plan.backend, members), path)
        for field in checks.fields:
            here = path.member(self._spelling(field.field), field.field.schema.redact)
            yield from self._field(field, checks.plan.backend.loader(field.field)(message), here, now)

    def _set(self, message: Any, backend: MessageBackend, members: tuple[FieldPlan, ...]) -> list[FieldPlan]:
        return [member for member in members if self._is(is_set(member, "v"), backend.loader(member)(message))]

    def _spelling(self, field: FieldPlan) -> str:
        return field.schema.json_name if self._names is Names.JSON else field.schema.name

    def _group(self, group: MessageOneof, members: list[FieldPlan], path: Path) -> Iterator[CodecError]:
        names = ", ".join(group.fields)
        if group.required and not members:
            yield path.fail(f"one of the members {names} must be set")
        elif len(members) > 1:
            yield path.fail(f"at most one of the members {names} may be set")

    def _field(self, checks: FieldChecks, value: Any, path: Path, now: int) -> Iterator[CodecError]:
        field = checks.field
        given = self._is(is_set(field, "v"), value)
        if checks.required and not given:
            yield path.fail(f"the required member is {'not set' if field.schema.presence else 'empty'}")
        elif given or not (field.schema.presence or checks.skip_default):
            yield from self._given(checks, value, path, now)

    def _given(self, checks: FieldChecks, value: Any, path: Path, now: int) -> Iterator[CodecError]:
        field = checks.field
        if field.is_plain:
            yield from self._value(checks.value, value, path, now)
            return
        yield from self._broken(checks.whole, value, path, now)
        if field.key is None:
            for index, item in enumerate(value):
                yield from self._value(checks.value, item, path.item(index), now)
            return
        for key, item in value.items():
            here = path.key(str(key).lower() if isinstance(key, bool) else str(key))
            if checks.key is not None:
                yield from self._value(checks.key, key, here, now, prefix="in the key: ")
            yield from self._value(checks.value, item, here, now)

    def _value(self, checks: ValueChecks, value: Any, path: Path, now: int, prefix: str = "") -> Iterator[CodecError]:
        if checks.skip_zero and not self._is(is_something(checks.element, "v"), value):
            return
        if checks.enters and checks.element.cls is not None:
            yield from self._message(checks.element.cls, value, path, now)
        if checks.checks:
            plain = value.value if checks.element.boxed else value
            seen = self._constants.function(prepared(checks.element, "v"))(plain, now)
            yield from self._broken(checks.checks, seen, path, now, prefix)

    def _broken(
        self, checks: tuple[Check, ...], value: Any, path: Path, now: int, prefix: str = ""
    ) -> Iterator[CodecError]:
        for check in checks:
            if self._is(check.condition, value, now):
                problem = f"breaks the rule {check.rule}" if path.hidden else check.problem
                yield path.fail(prefix + problem)
