"""Messages, fields and enums of two versions."""

from __future__ import annotations

from typing import Final

from iii_codegen.model.breaking_changes import Changes
from iii_codegen.model.breaking_rules import Move, field_moves, message_moves
from iii_codegen.model.nodes import Element, Enum, Field, Kind, Message, Place, Tree
from iii_codegen.model.reach import Reach
from iii_codegen.model.reserved import Aside

__all__ = ["TypeRules"]

# Types that one text on the wire and one in JSON serve alike.
_ALIKE: Final = (
    frozenset({Kind.INT32, Kind.UINT32}),
    frozenset({Kind.INT64, Kind.UINT64}),
    frozenset({Kind.FIXED32, Kind.SFIXED32}),
    frozenset({Kind.FIXED64, Kind.SFIXED64}),
)


class TypeRules:
    """Compares the types of two trees; `sides` says in which calls the new ones travel."""

    def __init__(self, old: Tree, new: Tree, asides: tuple[dict[str, Aside], dict[str, Aside]], sides: Reach) -> None:
        self._old = old
        self._new = new
        self._asides = asides
        self._sides = sides
        self._changes = Changes()

    def compare(self, changes: Changes) -> None:
        """Records every change of a type that both versions have."""
        self._changes = changes
        for file in self._old.generated_files():
            for message in file.all_messages():
                if message.full_name in self._new.messages:
                    self._message(message, self._new.messages[message.full_name])
            for enum in file.all_enums():
                if enum.full_name in self._new.enums:
                    self._enum(enum, self._new.enums[enum.full_name])

    def _aside(self, name: str) -> tuple[Aside, Aside] | None:
        old, new = (found.get(name) for found in self._asides)
        return None if old is None or new is None else (old, new)

    # --- messages ------------------------------------------------------------

    def _message(self, old: Message, new: Message) -> None:
        numbers = {field.number: field for field in new.fields}
        for field in old.fields:
            if field.number in numbers:
                self._field(new.full_name, field, numbers[field.number])
            else:
                self._deleted(new, field)
        self._added(old, new)
        self._message_aside(old, new)
        moves = [*message_moves(old.rules, new.rules), *_oneof_moves(old, new)]
        self._rules(new.full_name, new.place, f"message {new.full_name}", moves)

    def _deleted(self, message: Message, field: Field) -> None:
        aside = self._aside(message.full_name)
        element = f"{message.full_name}.{field.name}"
        if aside is None or not aside[1].reserves(field.number):
            problem = f"field {element} was deleted and its number {field.number} is not reserved"
            self._changes.add("BRK201", message.place, element, problem, field.number)
        if aside is None or field.name not in aside[1].names:
            problem = f"field {element} was deleted and its name is not reserved"
            self._changes.add("BRK202", message.place, element, problem, field.name)

    def _added(self, old: Message, new: Message) -> None:
        known = {field.number for field in old.fields}
        in_requests, _ = self._sides.sides(new.full_name)
        for field in new.fields:
            if field.number not in known and field.required and in_requests:
                element = f"{new.full_name}.{field.name}"
                problem = f"field {element} is new and required: callers that do not know it are refused"
                self._changes.add("BRK601", field.place, element, problem, "absent", "required")

    def _message_aside(self, old: Message, new: Message) -> None:
        aside = self._aside(new.full_name)
        if aside is None:
            return
        before, after = aside
        for number in sorted(before.labelled ^ after.labelled):
            field = next(field for field in (*new.fields, *old.fields) if field.number == number)
            element = f"{new.full_name}.{field.name}"
            did = "no longer" if number in before.labelled else "now"
            place = field.place if number in after.labelled else new.place
            self._changes.add("BRK208", place, element, f"field {element} is {did} labelled required")
        self._reservations("BRK209", new, before, after)
        if before.strict_json and not after.strict_json:
            problem = f"message {new.full_name} is no longer held to one JSON form"
            self._changes.add("BRK210", new.place, new.full_name, problem)

    def _reservations(self, code: str, new: Message | Enum, before: Aside, after: Aside) -> None:
        for low, high in before.ranges:
            if not after.covers(low, high):
                shown = str(low) if low == high else f"{low} to {high}"
                problem = f"{new.full_name} no longer reserves {shown}"
                self._changes.add(code, new.place, new.full_name, problem, shown)
        for name in sorted(before.names - after.names):
            problem = f"{new.full_name} no longer reserves the name {name}"
            self._changes.add(code, new.place, new.full_name, problem, name)

    # --- fields --------------------------------------------------------------

    def _field(self, message: str, old: Field, new: Field) -> None:
        element = f"{message}.{new.name}"

        def add(code: str, what: str, before: object, after: object) -> None:
            problem = f"field {element} (number {new.number}) {what} from {before} to {after}"
            self._changes.add(code, new.place, element, problem, before, after)

        if old.name != new.name:
            add("BRK203", "was renamed", old.name, new.name)
        if old.json_name != new.json_name:
            add("BRK204", "changed its JSON name", old.json_name, new.json_name)
        if old.oneof != new.oneof:
            add("BRK207", "moved", f"oneof {old.oneof}" if old.oneof else "no oneof", new.oneof or "no oneof")
        labels = self._label(message, old, 0), self._label(message, new, 1)
        if labels[0] != labels[1]:
            add("BRK206", "changed its cardinality", *labels)
        if not self._same_type(old.element, new.element) or old.key != new.key:
            add("BRK205", "changed its type", _type(old), _type(new))
        self._presence(message, element, old, new)
        self._rules(message, new.option_place or new.place, f"field {element}", field_moves(old.rules, new.rules))

    def _label(self, message: str, field: Field, version: int) -> str:
        aside = self._asides[version].get(message)
        labelled = aside is not None and field.number in aside.labelled
        return "required" if labelled else field.cardinality.value

    def _same_type(self, old: Element, new: Element) -> bool:
        if old.kind is Kind.ENUM and new.kind is Kind.ENUM and old.type_name != new.type_name:
            return self._holds_all(old.type_name, new.type_name)
        if old.type_name or new.type_name:
            return old == new
        return old.kind is new.kind or any({old.kind, new.kind} <= alike for alike in _ALIKE)

    def _holds_all(self, old: str, new: str) -> bool:
        """Whether one enum has every value of another."""
        before, after = self._old.enums.get(old), self._new.enums.get(new)
        if before is None or after is None or before.name != after.name:
            return False
        return {(v.number, v.name) for v in before.values} <= {(v.number, v.name) for v in after.values}

    def _presence(self, message: str, element: str, old: Field, new: Field) -> None:
        in_requests, in_responses = self._sides.sides(message)
        if new.required and not old.required and in_requests:
            problem = f"field {element} is required of requests now"
            self._changes.add("BRK601", new.place, element, problem, "optional", "required")
        if old.required and not new.required and in_responses:
            problem = f"field {element} is no longer required of responses"
            self._changes.add("BRK602", new.place, element, problem, "required", "optional")
        left_out = new.explicit_presence and not old.explicit_presence and old.cardinality is new.cardinality
        if left_out and not new.required and in_responses and old.oneof == new.oneof:
            problem = f"field {element} was always written and may be left out of responses now"
            self._changes.add("BRK603", new.place, element, problem, "implicit presence", "explicit presence")

    def _rules(self, message: str, place: Place, what: str, moves: list[Move]) -> None:
        """Both ends check: callers are refused what was allowed, and readers refuse what was not."""
        in_requests, in_responses = self._sides.sides(message)
        for move in moves:
            changed = f"rule {move.rule} of {what} from {move.old} to {move.new}"
            element = what.partition(" ")[2]
            found = False
            for code, met, text in (
                ("BRK604", move.tightened and in_requests, f"{changed} refuses requests that were allowed"),
                ("BRK605", move.loosened and in_responses, f"{changed} allows responses that were refused"),
            ):
                if met:
                    self._changes.add(code, place, element, text, move.old, move.new)
                    found = True
            if not found:
                self._changes.add("BRK606", place, element, f"{changed} breaks nobody", move.old, move.new)

    # --- enums ---------------------------------------------------------------

    def _enum(self, old: Enum, new: Enum) -> None:
        after: dict[int, list[str]] = {}
        for value in new.values:
            after.setdefault(value.number, []).append(value.name)
        before: dict[int, list[str]] = {}
        for value in old.values:
            before.setdefault(value.number, []).append(value.name)
        for number, names in before.items():
            if number not in after:
                self._deleted_value(new, number, names)
            elif not set(names) <= set(after[number]):
                problem = f"value {number} of enum {new.full_name} was renamed"
                self._changes.add(
                    "BRK303",
                    new.place,
                    f"{new.full_name}.{names[0]}",
                    problem,
                    ", ".join(names),
                    ", ".join(after[number]),
                )
        known = {value.name for value in old.values}
        for value in new.values:
            if value.number not in before and value.name not in known:
                element = f"{new.full_name}.{value.name}"
                problem = f"enum {new.full_name} has a new value {value.name}"
                self._changes.add("BRK306", new.place, element, problem, "", value.name)
        aside = self._aside(new.full_name)
        if aside is not None:
            self._reservations("BRK304", new, *aside)
            if aside[0].strict_json and not aside[1].strict_json:
                problem = f"enum {new.full_name} is no longer held to one JSON form"
                self._changes.add("BRK305", new.place, new.full_name, problem)

    def _deleted_value(self, enum: Enum, number: int, names: list[str]) -> None:
        aside = self._aside(enum.full_name)
        for name in names:
            element = f"{enum.full_name}.{name}"
            if aside is None or not aside[1].reserves(number):
                problem = f"value {element} was deleted and its number {number} is not reserved"
                self._changes.add("BRK301", enum.place, element, problem, number)
            if aside is None or name not in aside[1].names:
                problem = f"value {element} was deleted and its name is not reserved"
                self._changes.add("BRK302", enum.place, element, problem, name)


def _oneof_moves(old: Message, new: Message) -> list[Move]:
    """Oneofs that need a member (buf.validate)."""
    before, after = set(old.required_oneofs), set(new.required_oneofs)
    return [
        Move(
            f"oneof {name}",
            *(("optional", "required") if name in after else ("required", "optional")),
            name in after,
            name in before,
        )
        for name in sorted(before ^ after)
    ]


def _type(field: Field) -> str:
    value = field.element.type_name or field.element.kind.value
    return f"map<{field.key.value}, {value}>" if field.key is not None else value
