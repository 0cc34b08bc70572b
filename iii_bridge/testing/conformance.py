"""Answers to the official conformance suite: one message in, the same message in another format out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.problems import Problem
from iii_bridge.contract.protojson import Codec, codec_for
from iii_bridge.contract.spec import Defaults, JsonProfile, UnknownEnumNames, UnknownMembers
from iii_bridge.testing.conformance_messages import Protocol

__all__ = ["ConformanceTestee"]

_CANONICAL: Final = JsonProfile(defaults=Defaults.OMIT)


class ConformanceTestee:
    """What the suite asks is put to the codec of one message library."""

    def __init__(self, protocol: Protocol, messages: Mapping[str, type[Any]]) -> None:
        self._protocol = protocol
        self._messages = messages
        formats = protocol.request.DESCRIPTOR.fields_by_name["requested_output_format"].enum_type
        categories = protocol.request.DESCRIPTOR.fields_by_name["test_category"].enum_type
        self._binary: int = formats.values_by_name["PROTOBUF"].number
        self._json: int = formats.values_by_name["JSON"].number
        self._ignoring: int = categories.values_by_name["JSON_IGNORE_UNKNOWN_PARSING_TEST"].number

    def answer(self, data: bytes) -> bytes:
        """The serialized ConformanceResponse to a serialized ConformanceRequest."""
        request = self._protocol.request.FromString(data)
        response: bytes = self._protocol.response(**self._result(request)).SerializeToString()
        return response

    def _result(self, request: Any) -> dict[str, Any]:
        if request.message_type == "conformance.FailureSet":  # asked first: the failures this testee expects
            return {"protobuf_payload": self._protocol.failures().SerializeToString()}
        message_type = self._messages.get(request.message_type)
        if message_type is None:
            return {"skipped": f"{request.message_type} is not served"}
        payload = request.WhichOneof("payload")
        if payload not in ("protobuf_payload", "json_payload"):
            return {"skipped": f"{payload} is not read"}
        if request.requested_output_format not in (self._binary, self._json):
            return {"skipped": "the format is not written"}
        try:
            message = self._read(message_type, request, payload)
        except Problem as problem:  # good bytes, for what Python's types do not hold
            return {"serialize_error": str(problem)}
        except ValueError as error:
            return {"parse_error": str(error)}
        try:
            return self._write(message, request.requested_output_format)
        except ValueError as error:
            return {"serialize_error": str(error)}

    def _read(self, message_type: type[Any], request: Any, payload: str) -> Any:
        if payload == "protobuf_payload":
            cls: type = message_type
            return backend_of(cls).parse(cls, request.protobuf_payload)
        return self._codec(message_type, request.test_category == self._ignoring).decode(request.json_payload)

    def _write(self, message: object, output: int) -> dict[str, Any]:
        cls: type = type(message)
        if output == self._binary:
            return {"protobuf_payload": backend_of(cls).serialize(message)}
        return {"json_payload": self._codec(cls, ignoring=False).encode(message).decode()}

    def _codec(self, message_type: type[Any], ignoring: bool) -> Codec[Any]:
        if not ignoring:
            return codec_for(message_type, _CANONICAL, UnknownMembers.REJECT)
        return codec_for(message_type, _CANONICAL, UnknownMembers.IGNORE, UnknownEnumNames.IGNORE)
