"""Requests as the conformance suite sends them, and what it expects back."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

from iii_bridge.testing.conformance import ConformanceTestee
from iii_bridge.testing.conformance_messages import Protocol, default_protos, protocol_and_messages

__all__ = ["PROTO2", "PROTO3", "Exchange", "cases", "subject"]

PROTO3 = "protobuf_test_messages.proto3.TestAllTypesProto3"
PROTO2 = "protobuf_test_messages.proto2.TestAllTypesProto2"

_open = ExitStack()


@functools.cache
def subject(backend: str) -> tuple[ConformanceTestee, Protocol]:
    """One testee per backend for the whole run; generated modules cannot be imported twice."""
    protocol, messages = _open.enter_context(protocol_and_messages(backend, default_protos()))
    return ConformanceTestee(protocol, messages), protocol


class Exchange(NamedTuple):
    """A request, and the member of the response with its value; None where any text will do."""

    request: dict[str, Any]
    member: str
    value: Any = None


def cases(backend: str) -> Iterator[Exchange]:
    """A walk through everything the suite asks for."""
    yield Exchange({"message_type": "conformance.FailureSet", "protobuf_payload": b""}, "protobuf_payload", b"")
    for document, printed, binary in _READABLE:
        json_input = {"message_type": PROTO3, "json_payload": document, "test_category": "JSON_TEST"}
        yield Exchange({**json_input, "requested_output_format": "JSON"}, "json_payload", printed)
        yield Exchange({**json_input, "requested_output_format": "PROTOBUF"}, "protobuf_payload", binary)
        binary_input = {"message_type": PROTO3, "protobuf_payload": binary, "test_category": "BINARY_TEST"}
        yield Exchange({**binary_input, "requested_output_format": "JSON"}, "json_payload", printed)
        yield Exchange({**binary_input, "requested_output_format": "PROTOBUF"}, "protobuf_payload", binary)
    for document in _REFUSED:
        request = {"message_type": PROTO3, "json_payload": document, "requested_output_format": "JSON"}
        yield Exchange({**request, "test_category": "JSON_TEST"}, "parse_error")
    for document, binary in _IGNORED:
        request = {"message_type": PROTO3, "json_payload": document, "requested_output_format": "PROTOBUF"}
        yield Exchange({**request, "test_category": "JSON_TEST"}, "parse_error")
        yield Exchange({**request, "test_category": "JSON_IGNORE_UNKNOWN_PARSING_TEST"}, "protobuf_payload", binary)
    for binary in _UNWRITABLE:
        request = {"message_type": PROTO3, "protobuf_payload": binary, "requested_output_format": "JSON"}
        yield Exchange(request, "serialize_error")
    truncated = {"message_type": PROTO3, "protobuf_payload": b"\x08", "requested_output_format": "PROTOBUF"}
    yield Exchange(truncated, "parse_error")
    for change in ({"requested_output_format": "TEXT_FORMAT"}, {"message_type": "no.such.Message"}):
        yield Exchange({**truncated, **change}, "skipped")
    text = {"message_type": PROTO3, "text_payload": "", "requested_output_format": "JSON"}
    yield Exchange({**text, "test_category": "TEXT_FORMAT_TEST"}, "skipped")
    group = {"message_type": PROTO2, "json_payload": '{"data":{"groupInt32":1}}', "requested_output_format": "JSON"}
    yield Exchange(group, *(("json_payload", '{"data":{"groupInt32":1}}') if backend == "google" else ("skipped",)))


_READABLE: list[tuple[str, str, bytes]] = [
    ("{}", "{}", b""),
    ('{"optionalInt32":2147483647}', '{"optionalInt32":2147483647}', b"\x08\xff\xff\xff\xff\x07"),
    ('{"optional_int32":1}', '{"optionalInt32":1}', b"\x08\x01"),
    ('{"optionalInt32":1.0e0}', '{"optionalInt32":1}', b"\x08\x01"),
    ('{"optionalInt64":5}', '{"optionalInt64":"5"}', b"\x10\x05"),
    ('{"optionalBool":true}', '{"optionalBool":true}', b"\x68\x01"),
    ('{"optionalString":"\\u8c37"}', '{"optionalString":"谷"}', b"\x72\x03\xe8\xb0\xb7"),
    ('{"optionalBytes":"-_"}', '{"optionalBytes":"+w=="}', b"\x7a\x01\xfb"),
    ('{"optionalNestedEnum":1}', '{"optionalNestedEnum":"BAR"}', b"\xa8\x01\x01"),
    ('{"optionalNestedMessage":{}}', '{"optionalNestedMessage":{}}', b"\x92\x01\x00"),
    ('{"repeatedInt32":[1,2]}', '{"repeatedInt32":[1,2]}', b"\xfa\x01\x02\x01\x02"),
    ('{"mapInt32Int32":{"1":2}}', '{"mapInt32Int32":{"1":2}}', b"\xc2\x03\x04\x08\x01\x10\x02"),
    ('{"oneofUint32":0}', '{"oneofUint32":0}', b"\xf8\x06\x00"),
    ('{"optionalBoolWrapper":false}', '{"optionalBoolWrapper":false}', b"\xca\x0c\x00"),
    ('{"optionalDuration":"1.5s"}', '{"optionalDuration":"1.500s"}', b"\xea\x12\x08\x08\x01\x10\x80\xca\xb5\xee\x01"),
]

_REFUSED = [
    *("", "null", "[]", "{", '{"a":1}', '{"optionalInt32":2147483648}', '{"optionalInt32":0.5}'),
    *('{"optionalInt32":1,"optionalInt32":2}', '{"optionalInt32":1,"optional_int32":2}', '{"optionalBool":1}'),
    *('{"oneofUint32":1,"oneofString":"a"}', '{"optionalTimestamp":"0000-01-01T00:00:00Z"}'),
    *('{"optionalDuration":"1"}', '{"optionalFieldMask":"a_b"}', '{"optionalAny":{"@type":"x/no.Such"}}'),
    *('{"repeatedInt32":[null]}', '{"optionalNestedEnum":"NOBODY"}', '{"optionalString":"\\ud800"}'),
]

_IGNORED = [
    ('{"nobody":{"a":[1]},"optionalInt32":1}', b"\x08\x01"),
    ('{"optionalNestedEnum":"NOBODY","optionalInt32":1}', b"\x08\x01"),
    ('{"repeatedNestedEnum":["FOO","NOBODY","BAR"]}', b"\x9a\x03\x02\x00\x01"),
]

_UNWRITABLE = [
    b"\xf2\x12\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a Timestamp with -1 nanoseconds
    b"\xf2\x12\x07\x08\x80\x83\xd1\xff\xaf\x07",  # one of the year 10000
    b"\xea\x12\x07\x08\x81\xbc\xae\xce\x97\t",  # a Duration of more than 10000 years
    b"\x92\x13\x00",  # a Value that is none
    b"\xfa\x12\x08\n\x06fooBar",  # a path that is no field
]
