"""The table of diagnostic codes. A code never changes its meaning and is never used again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CODES", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for, and what to do about it when the finding says nothing better."""

    title: str
    hint: str
    warning: bool = False


CODES: Final[dict[str, Code]] = {
    # 0xx: the files themselves
    "III001": Code("syntax or edition that is not supported", "use proto3, proto2, or edition 2023"),
    "III002": Code("group or delimited field", "use a nested message"),
    "III003": Code("extension field", "put the field into the message, or carry a google.protobuf.Any"),
    "III004": Code("default value of a field", "remove the default: unset fields read as None in Python"),
    "III005": Code("package without a version", "end the package in a version, such as shop.orders.v1", warning=True),
    "III006": Code(
        "directory differs from the package", "put shop.orders.v1 into the directory shop/orders/v1", warning=True
    ),
    "III007": Code("two packages in one directory", "give each package a directory of its own"),
    "III008": Code("two files for one module", "rename one of the files"),
    "III009": Code("name that the protobuf runtime refuses", "rename it: a map called _1 gives a message 1Entry"),
    "III010": Code("option that cannot be read", "write the option as iii_bridge/v1/contract.proto says"),
    # 1xx: names
    "III101": Code("generated class clashes with a message, an enum or another service", "rename one of them"),
    "III102": Code("two fields with one JSON name", "give one of them another json_name"),
    "III103": Code("reserved JSON member", "rename the field, or give it another json_name"),
    "III104": Code("type of options as a payload", "declare a message or an enum of your own"),
    # 2xx: functions
    "III201": Code("empty function id or prefix", "remove the option to get the default, or write a name"),
    "III202": Code("function id that is not well-formed", "write namespace::name without spaces, as in orders::place"),
    "III203": Code("two methods with one function id", "give one of them another id"),
    "III204": Code("root type is not a JSON object", "wrap the value in a message of its own"),
    "III205": Code("metadata that is not a JSON object", 'write a JSON object, such as {"tier": 1}'),
    "III206": Code("metadata key given twice", "keep it in metadata or in metadata_json"),
    "III207": Code("reserved metadata member", "choose another key: iii-bridge keeps its own data there"),
    "III208": Code("timeout that is not positive", "write a positive duration, or remove the option"),
    "III209": Code("attempt timeout longer than the timeout", "make attempt_timeout shorter than timeout"),
    "III210": Code("delivery without a response", "return google.protobuf.Empty, or remove the delivery"),
    "III211": Code("delivery by queue without a queue", "name the queue"),
    "III212": Code("retry settings that cannot take effect", "set idempotency_level, or remove attempt_timeout", True),
    "III213": Code("streaming method that is delivered without a caller", "remove the delivery or the stream"),
    "III214": Code("JSON profile that loses data", "see docs/contract-options.md", warning=True),
    "III215": Code("namespace that is not well-formed", "use letters, digits, `-`, `_` and `.`"),
    # 3xx: bindings
    "III301": Code("trigger without a source", "name one of http, cron, durable_subscriber, state, stream, …"),
    "III302": Code("http binding without a path", "write a path, such as /orders/:id"),
    "III303": Code("http path that is not well-formed", "write a path as google.api.http describes it"),
    "III304": Code("http method that does not exist", "use GET, POST, PUT, PATCH, DELETE or HEAD"),
    "III305": Code("two bindings on one http route", "change the method or the path of one of them"),
    "III306": Code("path parameter that is no scalar field", "name a scalar field of the request"),
    "III307": Code("http body that is no field", 'write body: "*", or the name of a field of the request'),
    "III308": Code("http binding on a streaming method", "bind a unary method"),
    "III309": Code("http response_body that is no field", "name a field of the response"),
    "III310": Code("raw http request without a raw response", "return iii_bridge.v1.HttpResponse"),
    "III311": Code("trigger without a name it needs", "name it"),
    "III312": Code("cron expression that cannot be read", "write six or seven fields, seconds first; Sunday is 1"),
    "III313": Code("queue setting out of range", "see docs/contract-options.md"),
    "III314": Code("config that is not a JSON object", "write a JSON object"),
    "III315": Code("trigger on a streaming method", "bind a unary method"),
    "III316": Code("stream filters that have no effect", "remove them: join and leave fire for every stream", True),
    "III317": Code("condition that has no effect", "remove it: the engine asks no condition there", warning=True),
    "III318": Code("event that fills no field of the request", "take the message of the event", warning=True),
    # 4xx: endpoints the engine calls
    "III401": Code("endpoint url that is not well-formed", "write an absolute http or https url"),
    "III402": Code("endpoint method that does not exist", "use GET, POST, PUT, PATCH or DELETE"),
    "III403": Code("endpoint header that is not well-formed", "use a token as name and one line as value"),
    "III404": Code("endpoint authentication that is incomplete", "name the environment variable of the engine"),
    "III405": Code("endpoint of a streaming method", "remove the endpoint or the stream: http has no channels"),
    # 5xx: validation rules
    "III501": Code("rules that do not fit the field", "use the rules of the field's own type"),
    "III502": Code("rules that no value follows", "correct the bounds"),
    "III503": Code("pattern that cannot be read", "write it in RE2's syntax, as docs/contract-options.md describes it"),
    "III504": Code("rule in CEL", "say it with the standard rules, or set `messages` to google in [tool.iii-bridge]"),
    "III505": Code("rule about fields that the message does not have", "name fields of the message, each once"),
    "III506": Code("rule that this version does not know", "remove it, or look for a newer iii-bridge"),
    "III507": Code(
        "pattern that JSON Schema has no words for", "it is checked all the same; schemas leave it out", True
    ),
    # 6xx: lints, which `iii-bridge lint` looks for besides
    "III601": Code("function id of an unusual form", "write lower-case parts, as in orders::place", warning=True),
    "III602": Code("two function ids that read alike", "rename one of them", warning=True),
    "III603": Code("map with 64-bit integer keys", "use string keys, or 32-bit ones", warning=True),
    "III604": Code("two JSON names that read alike", "rename one of them", warning=True),
    "III605": Code(
        "bytes without a limit",
        "a frame holds 16 MiB and base64 adds a third: send large data in a stream",
        warning=True,
    ),
    "III606": Code("function without a description", "write a comment above the method", warning=True),
}
