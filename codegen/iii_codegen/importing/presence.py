"""Whether a field is required or optional, from what every schema said of its member."""

from __future__ import annotations

from iii_codegen.importing.draft import DraftField, DraftMessage

__all__ = ["label", "settle"]

_NULL = "Not in this contract: null is a value here, a contract asks for another."


def settle(field: DraftField) -> list[str]:
    """Adds REQUIRED where it holds, and returns problems.

    A request asks for what it requires. A response has what it requires:
    members without presence are always written, messages are not.
    """
    asked = [seen for seen in field.seen if not seen.response]
    given = [seen for seen in field.seen if seen.response]
    required = any(seen.required for seen in asked)
    if not asked and _is_message(field):
        required = bool(given) and all(seen.required and not seen.nullable for seen in given)
    if not required or field.oneof:
        return []
    field.behaviors.insert(0, "REQUIRED")
    if any(seen.required and seen.nullable for seen in asked):
        field.comment.append(_NULL)
        return ["null is a value here, a contract asks for another"]
    return []


def label(field: DraftField) -> str:
    """`repeated `, `optional ` or nothing; a member without presence is always written, with its default value."""
    if field.repeated:
        return "repeated "
    if field.key or field.oneof or _is_message(field) or "REQUIRED" in field.behaviors:
        return ""
    always = all(seen.zero_default or (seen.response and seen.required and not seen.nullable) for seen in field.seen)
    return "" if always and field.seen else "optional "


def _is_message(field: DraftField) -> bool:
    """Whether its type is one of messages, which have presence anyway."""
    if field.plural:
        return False
    if isinstance(field.type, str):
        return field.type.startswith("google.protobuf.") and field.type != "google.protobuf.NullValue"
    return isinstance(field.type, DraftMessage)
