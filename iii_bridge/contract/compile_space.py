"""What the compilers of decoders and encoders share: numbered classes in one namespace.

Functions of different classes call one another by number, so a class is
compiled once whatever it is reached from, and a recursive one finds itself.
"""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from typing import Any, Final

from iii_bridge.contract.plan import FieldPlan, MessagePlan, Shape, height_of, plan_of
from iii_bridge.contract.spec import Names

__all__ = ["CompileSpace", "has_plain_names", "headroom", "held_by", "indented"]


_ESCAPED: Final = re.compile(r'["\\\x00-\x1f]')


class CompileSpace(ABC):
    """Everything compiled for one spelling."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._lock = threading.RLock()
        self._numbers: dict[type, int] = {}
        self._globals: dict[str, Any] = {}

    @abstractmethod
    def _define(self, plan: MessagePlan, number: int) -> None:
        """Makes what one class needs, under its number; classes it refers to have theirs."""

    def _compile(self, root: MessagePlan) -> int:
        """Numbers and defines a class and all it holds, as far as that is still to be done."""
        found: dict[type, MessagePlan] = {}
        waiting = [root]
        while waiting:
            plan = waiting.pop()
            if plan.cls not in self._numbers and plan.cls not in found:
                found[plan.cls] = plan
                waiting += held_by(plan)
        for cls in found:  # only now: a contract that is refused on the way leaves no trace
            self._numbers[cls] = len(self._numbers)
        for plan in found.values():
            self._define(plan, self._numbers[plan.cls])
        return self._numbers[root.cls]

    def _execute(self, lines: list[str], kind: str, plan: MessagePlan) -> None:
        """Turns lines made by this package, from names and numbers it has checked, into a function."""
        code = compile("\n".join(lines), f"<{kind} of {plan.full_name}>", "exec")
        exec(code, self._globals)  # noqa: S102 -- our own text; why it is source at all is told by the two compilers

    def _spelling(self, field: FieldPlan) -> str:
        return field.schema.json_name if self._names is Names.JSON else field.schema.name


def held_by(plan: MessagePlan) -> list[MessagePlan]:
    """The messages that a message's fields hold."""
    elements = (field.element for field in plan.fields)
    return [plan_of(element.cls) for element in elements if element.shape is Shape.MESSAGE and element.cls is not None]


def has_plain_names(root: MessagePlan) -> bool:
    """Whether every JSON name of a message and all it holds stands in JSON text as it is.

    A `json_name` may hold quotes, backslashes and control characters, which msgspec renames no member to.
    """
    seen: set[type] = set()
    waiting = [root]
    while waiting:
        plan = waiting.pop()
        if plan.cls in seen:
            continue
        seen.add(plan.cls)
        if any(_ESCAPED.search(field.schema.json_name) for field in plan.fields):
            return False
        waiting += held_by(plan)
    return True


def headroom(plan: MessagePlan) -> int:
    """The message itself, and the most that can stand within one another in those that count no depth of their own."""
    return 1 + max((height_of(held) or 0 for held in held_by(plan)), default=0)


def indented(lines: list[str]) -> list[str]:
    """The lines one level deeper."""
    return [f"    {line}" for line in lines]
