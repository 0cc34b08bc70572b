"""Options as plain mappings with typed readers, so that the resolving code never touches a descriptor."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from iii_bridge.types import Json
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Place

__all__ = ["FILE", "FUNCTION", "HTTP", "SERVICE", "TRIGGER", "Options", "seconds"]

FILE: Final = "[iii_bridge.v1.file]"
SERVICE: Final = "[iii_bridge.v1.service]"
FUNCTION: Final = "[iii_bridge.v1.function]"
TRIGGER: Final = "[iii_bridge.v1.trigger]"
HTTP: Final = "[google.api.http]"

E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Options:
    """One option message in its ProtoJSON form, with proto names; unset members are absent."""

    values: Mapping[str, Json]
    place: Place

    def text(self, name: str) -> str:
        """A string member, empty when absent."""
        return str(self.values.get(name, ""))

    def has(self, name: str) -> bool:
        """Whether the member was written."""
        return name in self.values

    def child(self, name: str) -> Options:
        """A message member, empty when absent."""
        return Options(self.values.get(name) or {}, self.place)

    def seconds(self, name: str) -> float | None:
        """A Duration member in seconds; None when absent."""
        return seconds(self.values[name]) if name in self.values else None

    def choice(self, name: str, prefix: str, kind: Callable[[str], E]) -> E | None:
        """An enum member without its prefix, in lower case; None when absent or unspecified."""
        written = self.text(name).removeprefix(prefix).lower()
        return kind(written) if written and written != "unspecified" else None

    def metadata(self, report: Report, what: str) -> dict[str, Json]:
        """`metadata` and `metadata_json` as one object; reports what is wrong with them."""
        merged: dict[str, Json] = dict(sorted(self.child("metadata").values.items()))
        for key, value in self.json_object("metadata_json", "III205", report, what).items():
            if key in merged:
                report.add("III206", self.place, f"{what} has the metadata key {key} twice")
            merged[key] = value
        if "iii-bridge" in merged:
            report.add("III207", self.place, f"{what} has the reserved metadata member iii-bridge")
        return merged

    def json_object(self, name: str, code: str, report: Report, what: str) -> dict[str, Json]:
        """A member that holds JSON text; anything but an object is reported under `code`."""
        text = self.text(name)
        if not text:
            return {}
        try:
            value = json.loads(
                text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_repetition
            )
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
        except ValueError:
            value = None
        if not isinstance(value, dict):
            report.add(code, self.place, f"{name} of {what} is not a JSON object")
            return {}
        return value  # pyright: ignore[reportUnknownVariableType] -- JSON objects have string keys


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


def _without_repetition(members: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member occurs twice")
    return found


def _no_constant(name: str) -> None:
    """Python's reader takes NaN and Infinity, which are no JSON."""
    raise ValueError(name)


def seconds(duration: str) -> float:
    """`1.5s`, the ProtoJSON form of a Duration, in seconds."""
    return float(duration.removesuffix("s"))
