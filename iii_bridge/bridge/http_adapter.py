"""Between an http trigger and a method: `<function id>::http` (design decision 11, wire.md 7.1).

The request message is put together from body, path and query as JSON text and
decoded by the method's own codec, so that every check applies to it. The
answer always has a body, because a function that returns nothing makes the
engine wait (wire.md 13.18).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.checks import checks_of
from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.bridge.http_status import http_status
from iii_bridge.contract.descriptors import message_schema
from iii_bridge.contract.schema import FieldSchema, Kind, MessageSchema
from iii_bridge.contract.spec import BindingSpec, HttpRule, MethodSpec
from iii_bridge.errors import BridgeError, ContractError, Side, StatusError, UnsupportedError
from iii_bridge.protocol.failures import violation_detail
from iii_bridge.status import StatusCode
from iii_bridge.types import Binding, Json
from iii_bridge.wire import NULL, RegisterFunction, raw

__all__ = ["HttpAdapter", "check_http_binding"]

_log: Final = logging.getLogger("iii_bridge.http")

_SCALAR_MESSAGES: Final = frozenset(
    f"google.protobuf.{name}"
    for name in (
        *("Timestamp", "Duration", "FieldMask", "StringValue", "BytesValue", "BoolValue", "Int32Value"),
        *("Int64Value", "UInt32Value", "UInt64Value", "FloatValue", "DoubleValue"),
    )
)
_PATTERN: Final = re.compile(r"\{[^}]*=|\*")
_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")  # longer ones are names that no enum has
_JSON_HEADERS: Final = {"content-type": "application/json"}
_ANY_OBJECT: Final = raw({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})


class _HttpRequest(msgspec.Struct):
    """What the engine hands over (wire.md 7.1); the body stays undecoded."""

    path: str = ""
    method: str = ""
    path_params: dict[str, str] = {}
    query_params: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: Raw = NULL


class _HttpResponse(msgspec.Struct):
    status_code: int
    headers: dict[str, str]
    body: Raw


_request_decoder: Final = msgspec.json.Decoder(_HttpRequest)
_members_decoder: Final = msgspec.json.Decoder(dict[str, Raw])


def check_http_binding(method: MethodSpec[Any, Any], binding: BindingSpec, rule: HttpRule) -> None:
    """Refuses the forms of google.api.http that are not carried. Raises UnsupportedError naming the option."""

    def refuse(option: str, hint: str) -> UnsupportedError:
        route = f"{rule.method} {rule.template}"
        return UnsupportedError(f"{method.full_name}: {option} of {route} is not carried by serve yet; {hint}")

    if rule.body not in ("", "*"):
        raise refuse(f"body {rule.body!r}", 'write body: "*"')
    if rule.response_body:
        raise refuse(f"response_body {rule.response_body!r}", "take it out")
    if _PATTERN.search(rule.template.replace("=*}", "}")):
        raise refuse("a path pattern", "use plain {field} parameters")
    if ":" in rule.template:
        raise refuse("a custom verb", "use a path segment")
    fields = _fields_by_name(message_schema(method.request))
    for path in rule.path_fields:
        if "." in path:
            raise refuse(f"path parameter {path!r}", "use a field of the request itself")
        if not _is_scalar(fields[path]):
            raise refuse(f"path parameter {path!r}", "use a scalar field")


class HttpAdapter:
    """Serves every http binding of one method."""

    def __init__(self, method: MethodSpec[Any, Any], bindings: Sequence[BindingSpec], body: MethodBody) -> None:
        self.function_id: str = f"{method.function_id}::http"
        self._method = method
        self._checks = checks_of(method)
        self._body = body
        self._fields = _fields_by_name(message_schema(method.request))
        self._bindings = {_route(b.config.get("http_method", "GET"), b.config["api_path"]): b for b in bindings}

    def registration(self) -> RegisterFunction:
        """The frame: internal, so that listings show the method alone."""
        return RegisterFunction(
            id=self.function_id,
            description=f"HTTP for {self._method.function_id}",
            request_format=_ANY_OBJECT,
            response_format=_ANY_OBJECT,
            metadata=raw({"internal": True, "iii-bridge": {"method": self._method.full_name}}),
        )

    async def handle(self, invocation: Invocation) -> Raw:
        """A handler: always answers, with 200 or with a status and a body that says why."""
        try:
            request = _request_decoder.decode(invocation.data)
            binding = self._bindings[_route(request.method, request.path)]
        except (msgspec.DecodeError, KeyError):
            problem = "this function answers http triggers only; call the method's own function"
            raise ContractError(self.function_id, Side.REQUEST, "$", problem) from None
        invocation.binding = Binding("http", None, binding.metadata)
        try:
            message, _ = self._checks.decode_request(self._request_json(request, binding))
            response = await self._body(message, invocation)
            return _answer(200, self._checks.encode_response(response))
        except BridgeError as error:
            return _failure(error, self._method.function_id)
        except Exception:
            _log.exception("%s failed", self._method.function_id)
            return _failure_body(StatusCode.UNKNOWN, f"{self._method.function_id} failed", ())

    def _request_json(self, request: _HttpRequest, binding: BindingSpec) -> Raw:
        rule = binding.http or HttpRule("", "")
        text = self._body_json(request) if rule.body == "*" else Raw(b"{}")
        values = {name: unquote(value) for name, value in request.path_params.items()}
        if rule.body != "*":
            values.update(self._query(request.query_params, values))
        return self._with_members(text, values) if values else text

    def _query(self, query: Mapping[str, str], path: Mapping[str, str]) -> Mapping[str, str]:
        """What the query adds to the path; a field that stands in both has to be the same in both."""
        bound = {self._fields[name].name: value for name, value in path.items() if name in self._fields}
        added: dict[str, str] = {}
        for name, value in query.items():
            field = self._fields.get(name)
            already = bound.get(field.name) if field is not None else None
            if already is None:
                added[name] = value
            elif already != value:
                raise self._violation(f"$.{name}", "the query and the path disagree")
        return added

    def _body_json(self, request: _HttpRequest) -> Raw:
        """The engine hands over null for no body, broken JSON and other content types alike (wire.md 7.1)."""
        if request.body != NULL:
            return request.body
        if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
            return Raw(b"{}")
        raise self._violation("$", "the body is not readable as JSON; send it with content-type application/json")

    def _with_members(self, text: Raw, values: Mapping[str, str]) -> Raw:
        try:
            present = _members_decoder.decode(text)
        except msgspec.DecodeError:
            raise self._violation("$", "the body is not a JSON object") from None
        added: list[bytes] = []
        for name, value in values.items():
            field = self._fields.get(name)
            encoded = self._value_json(name, field, value)
            spellings = {name} if field is None else {field.name, field.json_name}
            same = [present[spelling] for spelling in spellings if spelling in present]
            if not same:
                added.append(msgspec.json.encode(field.json_name if field else name) + b":" + encoded)
            elif bytes(same[0]) not in (encoded, value.encode()) and _string(same[0]) != value:
                raise self._violation(f"$.{name}", "the body and the path disagree")
        rest = bytes(text).strip()[1:]
        separator = b"," if added and present else b""
        return Raw(b"{" + b",".join(added) + separator + rest)

    def _value_json(self, name: str, field: FieldSchema | None, value: str) -> bytes:
        """Text from a URL as JSON. Numbers may stay strings: ProtoJSON takes them so."""
        if field is None:
            if "." in name and name.split(".", 1)[0] in self._fields:
                raise self._violation(f"$.{name}", "nested fields in the query are not supported; send a body")
            return msgspec.json.encode(value)  # the codec's policy for unknown members decides
        if field.map is not None or not _is_scalar(field):
            raise self._violation(f"$.{name}", "only scalar fields fit into a URL; send a body")
        encoded = msgspec.json.encode(value)
        if field.kind is Kind.BOOL or field.type_name == "google.protobuf.BoolValue":
            if value not in ("true", "false"):
                raise self._violation(f"$.{name}", "neither true nor false")
            encoded = value.encode()
        elif field.kind is Kind.ENUM and _INTEGER.fullmatch(value):
            encoded = str(int(value)).encode()
        return b"[" + encoded + b"]" if field.repeated else encoded

    def _violation(self, path: str, problem: str) -> ContractError:
        return ContractError(self._method.function_id, Side.REQUEST, path, problem)


def _fields_by_name(schema: MessageSchema) -> Mapping[str, FieldSchema]:
    """Both spellings; a json_name never hides a field's own name."""
    fields = {field.json_name: field for field in schema.fields}
    fields.update((field.name, field) for field in schema.fields)
    return fields


def _is_scalar(field: FieldSchema) -> bool:
    return field.kind not in (Kind.MESSAGE, Kind.GROUP) or field.type_name in _SCALAR_MESSAGES


def _string(data: Raw) -> Json:
    """The text of a JSON string however it is escaped; None for anything else."""
    try:
        return msgspec.json.decode(data, type=str)
    except msgspec.DecodeError:
        return None


def _route(method: Json, path: Json) -> tuple[str, str]:
    return str(method).upper(), str(path).strip("/")


def _answer(status: int, body: Raw) -> Raw:
    return raw(_HttpResponse(status, _JSON_HEADERS, body))


def _failure(error: BridgeError, function_id: str) -> Raw:
    if isinstance(error, ContractError):
        status = error.status if error.function_id == function_id else StatusCode.INTERNAL
        return _failure_body(status, str(error), [violation_detail(error)])
    if isinstance(error, StatusError):
        return _failure_body(error.status, error.message, error.details)
    _log.warning("%s failed: %s", function_id, error)
    return _failure_body(error.status, str(error), ())


def _failure_body(status: StatusCode, message: str, details: Sequence[Mapping[str, Json]]) -> Raw:
    body = {"code": status.name, "message": message, "details": [dict(detail) for detail in details]}
    return _answer(http_status(status), raw(body))
