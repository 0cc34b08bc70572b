"""The table of changes between two versions of a contract. A code never changes its meaning and is never used again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BREAKS", "Break"]


@dataclass(frozen=True, slots=True)
class Break:
    """What a code stands for, and what to do instead."""

    title: str
    cure: str
    buf: str = ""
    """The rule of buf that says the same, where there is one."""
    note: bool = False
    """Worth knowing, and no break: the exit code does not change for it."""


BREAKS: Final[dict[str, Break]] = {
    # 0xx: files
    "BRK001": Break("package changed", "add the new package beside the old one", "FILE_SAME_PACKAGE"),
    # 1xx: services and methods
    "BRK101": Break("service deleted", "deprecate it until nobody calls it", "PACKAGE_SERVICE_NO_DELETE"),
    "BRK102": Break("method deleted", "deprecate it until nobody calls it", "RPC_NO_DELETE"),
    "BRK103": Break("request type changed", "add a method", "RPC_SAME_REQUEST_TYPE"),
    "BRK104": Break("response type changed", "add a method", "RPC_SAME_RESPONSE_TYPE"),
    "BRK105": Break("client streaming changed", "add a method", "RPC_SAME_CLIENT_STREAMING"),
    "BRK106": Break("server streaming changed", "add a method", "RPC_SAME_SERVER_STREAMING"),
    "BRK107": Break("idempotency changed", "add a method", "RPC_SAME_IDEMPOTENCY_LEVEL"),
    # 2xx: messages and fields
    "BRK201": Break("field deleted, its number free", "reserve the number", "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"),
    "BRK202": Break("field deleted, its name free", "reserve the name", "FIELD_NO_DELETE_UNLESS_NAME_RESERVED"),
    "BRK203": Break("field renamed", "keep the name, or add a field", "FIELD_SAME_NAME"),
    "BRK204": Break("JSON name changed", "set json_name to the old one", "FIELD_SAME_JSON_NAME"),
    "BRK205": Break("type changed", "add a field", "FIELD_WIRE_JSON_COMPATIBLE_TYPE"),
    "BRK206": Break("cardinality changed", "add a field", "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY"),
    "BRK207": Break("field moved into or out of a oneof", "add a field", "FIELD_SAME_ONEOF"),
    "BRK208": Break("label required added or removed", "leave required fields alone", "MESSAGE_SAME_REQUIRED_FIELDS"),
    "BRK209": Break("reservation of a message removed", "keep it reserved", "RESERVED_MESSAGE_NO_DELETE"),
    "BRK210": Break("JSON format of a message no longer strict", "keep it", "MESSAGE_SAME_JSON_FORMAT"),
    # 3xx: enums
    "BRK301": Break(
        "enum value deleted, its number free", "reserve the number", "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED"
    ),
    "BRK302": Break(
        "enum value deleted, its name free", "reserve the name", "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED"
    ),
    "BRK303": Break("enum value renamed", "keep the name, or add an alias", "ENUM_VALUE_SAME_NAME"),
    "BRK304": Break("reservation of an enum removed", "keep it reserved", "RESERVED_ENUM_NO_DELETE"),
    "BRK305": Break("JSON format of an enum no longer strict", "keep it", "ENUM_SAME_JSON_FORMAT"),
    "BRK306": Break("enum value added", "update readers first: they refuse names they do not know", note=True),
    # 4xx: functions, as the engine knows them
    "BRK401": Break("function id changed", "set id in (iii_bridge.v1.function) to the old one"),
    "BRK402": Break("namespace changed", "serve the old one until nobody calls it"),
    "BRK403": Break("queue changed", "drain the old queue, and keep a worker for it"),
    "BRK404": Break("delivery changed", "add a method"),
    "BRK405": Break("JSON profile changed", "keep it: peers written by hand know one spelling"),
    "BRK406": Break("timeout shortened", "let callers choose a shorter one themselves"),
    "BRK407": Break("timeout lengthened", "check who waits for it", note=True),
    "BRK408": Break("unknown members refused from now on", "warn first: UNKNOWN_MEMBERS_WARN"),
    "BRK409": Break("unknown members no longer refused", "renamed members go unnoticed now", note=True),
    "BRK410": Break("policy for queue deliveries changed", "see design decision 12", note=True),
    "BRK411": Break("endpoint of the engine changed", "check that it answers the same", note=True),
    "BRK412": Break("metadata changed", "tell those who read the catalogue", note=True),
    "BRK413": Break("unknown enum names refused from now on", "keep ignoring them while older peers send them"),
    "BRK414": Break("unknown enum names ignored from now on", "values may go missing now", note=True),
    # 5xx: bindings
    "BRK501": Break("binding removed", "keep it until nothing triggers it"),
    "BRK502": Break("binding changed", "add a binding, and keep the old one"),
    "BRK503": Break("binding added", "check that nothing else is bound to the source", note=True),
    # 6xx: what has to be there, and what values may be
    "BRK601": Break("field required of requests from now on", "add a default, or a method"),
    "BRK602": Break("field no longer required of responses", "keep writing it, and keep it required"),
    "BRK603": Break("field of responses may be left out from now on", "keep it without `optional`"),
    "BRK604": Break("rule tightened for requests", "check it in the handler, or add a method"),
    "BRK605": Break("rule loosened for responses", "update readers first: they hold responses to the old rule"),
    "BRK606": Break("rule changed on the safe side", "nothing to do", note=True),
}
