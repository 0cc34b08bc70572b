"""Rules in CEL, evaluated by protovalidate, which takes the messages of google's library: the module that imports it.

What it says is not passed on, since an expression may put values into its
answer: a violation shows the message that stands in the contract, or else the
rule's name.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Final

from iii_bridge.contract.plan import MessagePlan, plan_of
from iii_bridge.contract.problems import CodecError, Path, shown_name
from iii_bridge.contract.rules import CustomRule
from iii_bridge.contract.spec import Names
from iii_bridge.errors import UnsupportedError

__all__ = ["CelRules"]

_BACKEND: Final = "google"
_EVALUATION: Final = "a rule in CEL cannot be evaluated"


class CelRules:
    """Checks messages of one class. Raises UnsupportedError where nobody can."""

    def __init__(self, plan: MessagePlan, names: Names, custom: Sequence[tuple[str, CustomRule]]) -> None:
        self._plan = plan
        self._names = names
        for where, rule in custom:
            _refuse(plan, where, rule)
        self._messages = {rule.name: rule.message for _, rule in custom}
        self._validator, self._failure = _validator(custom[0][0])

    def check(self, message: Any) -> None:
        """Raises CodecError for the first rule that is broken, or that cannot be evaluated."""
        found = self.violations(message, fail_fast=True)
        if found:
            raise found[0]

    def violations(self, message: Any, fail_fast: bool = False) -> list[CodecError]:
        """Every rule that is broken; only one with `fail_fast`."""
        try:
            found = self._validator.collect_violations(message, fail_fast=fail_fast)
        except self._failure:
            return [Path().fail(_EVALUATION)]
        return [self._violation(item.proto) for item in found]

    def _violation(self, violation: Any) -> CodecError:
        path = self._path(violation.field)
        told = "" if path.hidden else self._messages.get(violation.rule_id, "")
        prefix = "in the key: " if violation.for_key else ""
        return path.fail(f"{prefix}{told or f'breaks the rule {shown_name(violation.rule_id)[1:-1]}'}")

    def _path(self, field: Any) -> Path:
        path, plan = Path(), self._plan
        for element in field.elements if field is not None else ():
            step = next((item for item in plan.fields if item.schema.number == element.field_number), None)
            if step is None:  # a oneof: the place is the message around it
                break
            schema = step.schema
            path = path.member(schema.json_name if self._names is Names.JSON else schema.name, schema.redact)
            subscript = element.subscript
            if subscript is not None:
                value = subscript.value
                path = path.item(value) if subscript.field == "index" else path.key(_key_text(value))
            if step.element.cls is not None and step.element.enum is None and step.element.is_message:
                plan = plan_of(step.element.cls)
        return path


def _key_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse(plan: MessagePlan, where: str, rule: CustomRule) -> None:
    if not rule.cel:
        raise UnsupportedError(f"{where} has a rule that is not known ({rule.name}); look for a newer iii-bridge")
    if plan.backend.name != _BACKEND:
        raise UnsupportedError(
            f"{where} has a rule in CEL, which is not evaluated for {plan.backend.name} messages; "
            "say it with the standard rules"
        )


def _validator(where: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """A validator of its own for each class: it knows files by name, and names may be shared by pools."""
    try:
        protovalidate: Any = importlib.import_module("protovalidate")
    except ModuleNotFoundError:
        raise UnsupportedError(
            f"{where} has a rule in CEL, which protovalidate evaluates; pip install 'iii-bridge[validate]'"
        ) from None
    return protovalidate.Validator(), (protovalidate.CompilationError, protovalidate.EvaluationError)
