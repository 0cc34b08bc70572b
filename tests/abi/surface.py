"""What generated code may rely on, one fact a line. `python -m tests.abi.surface` adds what is new to the record.

Facts are never taken away and never change; a test compares them with the record.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from iii_bridge.abi import stubs, v1

RECORD = Path(__file__).parent / "v1.txt"
_HEAD = "# The surface of iii_bridge.abi.v1. `python -m tests.abi.surface` adds to it; nothing is taken away.\n"
_SPECIAL = {"__call__", "__get__", "__aiter__", "__anext__", "__aenter__", "__aexit__"}


def surface(module: ModuleType = v1) -> list[str]:
    """Every fact about what `module` exports, and about the calls that bound methods are."""
    facts = [fact for name in module.__all__ for fact in _facts(name, getattr(module, name))]
    if module is v1:
        calls = [name for name in stubs.__all__ if name.endswith("Call")]
        facts += [fact for name in calls for fact in _members(name, getattr(stubs, name))]
    return sorted(set(facts))


def recorded() -> list[str]:
    """The facts of the record."""
    return [line for line in RECORD.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def breaks(before: list[str], after: list[str]) -> list[str]:
    """What stubs written against `before` would miss in `after`: facts that are gone, arguments that became needed."""
    known = {_subject(fact) for fact in before}
    gone = [fact for fact in before if fact not in set(after)]
    new = [fact for fact in after if fact not in set(before)]
    needed = [fact for fact in new if _subject(fact) in known and " takes " in fact and " = " not in fact]
    return [*(f"gone or changed: {fact}" for fact in gone), *(f"new and has no default: {fact}" for fact in needed)]


def _subject(fact: str) -> str:
    return fact.split(" ", 1)[0]


def _facts(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, ModuleType):
        yield f"{path} is a module"
        for name in value.__all__:
            yield from _facts(f"{path}.{name}", getattr(value, name))
    elif isinstance(value, type) and issubclass(value, enum.Enum):
        yield f"{path} is an enum"
        yield from (f"{path}.{name} = {member.value!r}" for name, member in value.__members__.items())
    elif inspect.isclass(value) and value.__module__ != "builtins" and not hasattr(value, "__origin__"):
        yield f"{path} is a class"
        yield from _class_facts(path, value)
    elif inspect.isfunction(value):
        yield from _function_facts(path, value)
    else:
        yield f"{path} is {re.sub(r'[a-z_.]+[.](?=[A-Z])', '', str(value))}"


def _class_facts(path: str, cls: type) -> Iterator[str]:
    if not getattr(cls, "_is_protocol", False):
        yield from _parameters(path, list(inspect.signature(cls).parameters.values()))
    yield from _members(path, cls)


def _members(path: str, cls: type) -> Iterator[str]:
    if dataclasses.is_dataclass(cls):
        yield from (f"{path}.{field.name} has type {field.type}" for field in dataclasses.fields(cls))
    for owner in reversed(cls.__mro__):
        if owner.__module__.startswith("iii_bridge."):
            for name, member in vars(owner).items():
                if not name.startswith("_") or name in _SPECIAL:
                    yield from _member_facts(f"{path}.{name}", member)


def _member_facts(path: str, member: Any) -> Iterator[str]:
    if isinstance(member, property):
        yield f"{path} has type {inspect.signature(member.fget).return_annotation}"  # type: ignore[arg-type]
    elif isinstance(member, staticmethod):
        yield f"{path} is static"
        yield from _function_facts(path, member.__func__)
    elif isinstance(member, classmethod):
        yield f"{path} is of the class"
        yield from _function_facts(path, member.__func__, bound=1)
    elif inspect.isfunction(member):
        yield from _function_facts(path, member, bound=1)
    elif inspect.isclass(member):
        yield from _facts(path, member)


def _function_facts(path: str, function: Any, bound: int = 0) -> Iterator[str]:
    signature = inspect.signature(function)
    kind = "coroutine function" if inspect.iscoroutinefunction(function) else "function"
    yield f"{path} is a {kind} returning {signature.return_annotation}"
    yield from _parameters(path, list(signature.parameters.values())[bound:])


def _parameters(path: str, parameters: list[inspect.Parameter]) -> Iterator[str]:
    for number, parameter in enumerate(parameters):
        place = {
            inspect.Parameter.POSITIONAL_ONLY: f"{number} (by position only)",
            inspect.Parameter.POSITIONAL_OR_KEYWORD: str(number),
            inspect.Parameter.KEYWORD_ONLY: "by keyword",
        }[parameter.kind]
        written = f"{path} takes {place} {parameter.name}: {parameter.annotation}"
        yield written if parameter.default is parameter.empty else f"{written} = {_shown(parameter.default)}"


def _shown(default: object) -> str:
    """A default as text; of a value with parts only its type, as parts may be added."""
    plain = default is None or isinstance(default, str | int | float | tuple | enum.Enum)
    return repr(default) if plain else "…"


def main() -> int:
    """Adds new facts to the record, unless something breaks."""
    before, after = recorded() if RECORD.exists() else [], surface()
    found = breaks(before, after)
    if found:
        sys.stderr.write("\n".join([*found, "the record is left as it is: version 1 only grows"]) + "\n")
        return 1
    RECORD.write_text(_HEAD + "".join(f"{fact}\n" for fact in after), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
