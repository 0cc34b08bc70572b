"""Messages to ProtoJSON and back, checked against their contract.

    codec = codec_for(PlaceRequest)
    data = codec.encode(PlaceRequest(sku="a-1", quantity=2))
    request = codec.decode(data)

Ordinary documents take a compiled path; whatever is spelled differently, or is
wrong, is read again by the exact one, which knows every rule and every place.

What Python's types do not hold, and nothing else, changes on the way:

* a `float` field holds the nearest value of 32 bits;
* a JSON `-0` without a fraction is the integer 0, also for a double.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from iii_bridge.contract import compile_decode, compile_encode
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.compile_decode import CALLER_MEMBER, FastDecoder
from iii_bridge.contract.compile_encode import FastEncoder
from iii_bridge.contract.compile_rules import RuleChecker, rule_checker
from iii_bridge.contract.compile_space import has_plain_names
from iii_bridge.contract.json_text import Members, parse_json
from iii_bridge.contract.plan import MessagePlan, Shape, plan_of, root_element
from iii_bridge.contract.problems import CodecError, Path
from iii_bridge.contract.slow_decode import reader_of
from iii_bridge.contract.slow_encode import writer_of
from iii_bridge.contract.spec import JsonProfile, UnknownEnumNames, UnknownMembers
from iii_bridge.contract.unknown import UnknownLog

__all__ = ["Codec", "CodecError", "DecodedRequest", "codec_for"]

M = TypeVar("M")


class DecodedRequest(NamedTuple, Generic[M]):
    """A request, and the worker that sent it as the engine names it; None where the engine did not say."""

    message: M
    caller_worker_id: str | None


class Codec(Generic[M]):
    """Encodes and decodes one message type under one profile. Get it from `codec_for`."""

    def __init__(
        self,
        message_type: type[M],
        profile: JsonProfile,
        unknown: UnknownMembers,
        unknown_enum_names: UnknownEnumNames = UnknownEnumNames.REJECT,
    ) -> None:
        cls: type = message_type
        self.message_type = message_type
        self._backend = backend_of(cls)
        self._full_name = self._backend.schema(cls).full_name
        self._unknown = UnknownLog(self._full_name, unknown, unknown_enum_names)
        self._profile = profile
        self._element = root_element(cls)
        self._read = reader_of(self._element, self._backend)
        self._write = writer_of(self._element, self._backend, profile)

    def __repr__(self) -> str:
        return f"<Codec {self._full_name}>"

    @property
    def unknown_counts(self) -> Mapping[str, int]:
        """How often unknown members, and ignored enum values, were met, by path (`$.items[*].colour`); capped."""
        return self._unknown.counts

    def encode(self, message: M) -> bytes:
        """The message as JSON in UTF-8. Raises CodecError for a message that breaks its contract."""
        data = self._encode(message)
        if self._rules is not None:  # after the types: rules may rely on them
            self._rules.check(message)
        return data

    def _encode(self, message: M) -> bytes:
        if self._has_fast_path:
            encoder = self._fast_encoder
            try:
                return encoder.encode(message)
            except compile_encode.FAILURES:
                pass
        return _encode_json(self._exact_tree(message))

    def decode(self, data: bytes | str | msgspec.Raw) -> M:
        """The message that a JSON document stands for. Raises CodecError for one that breaks the contract."""
        message = self._decode(data)
        if self._rules is not None:
            self._rules.check(message)
        return message

    def _decode(self, data: bytes | str | msgspec.Raw) -> M:
        text = data if isinstance(data, bytes) else _utf8(data)
        if self._has_fast_path:
            decoder = self._fast_decoder
            try:
                message: M = decoder.decode(text, self._unknown)
            except compile_decode.FAILURES:
                pass
            else:
                return message
        return self._exact(parse_json(text))

    def decode_request(self, data: bytes | str | msgspec.Raw) -> DecodedRequest[M]:
        """As `decode`, for a payload from the engine: `_caller_worker_id` is taken out first (wire.md 5.4)."""
        request = self._decode_request(data)
        if self._rules is not None:
            self._rules.check(request.message)
        return request

    def _decode_request(self, data: bytes | str | msgspec.Raw) -> DecodedRequest[M]:
        text = data if isinstance(data, bytes) else _utf8(data)
        if self._has_fast_path:
            decoder = self._fast_request_decoder
            try:
                return DecodedRequest(*decoder.decode_request(text, self._unknown))
            except compile_decode.FAILURES:
                pass
        value = parse_json(text)
        caller: str | None = None
        if isinstance(value, Members):
            value, caller = _take_caller(value)
        return DecodedRequest(self._exact(value), caller)

    @functools.cached_property
    def _rules(self) -> RuleChecker | None:
        return rule_checker(self._plan, self._profile.names) if self._element.shape is Shape.MESSAGE else None

    @functools.cached_property
    def _has_fast_path(self) -> bool:
        return self._element.shape is Shape.MESSAGE and has_plain_names(self._plan)

    @functools.cached_property
    def _fast_decoder(self) -> FastDecoder:
        return compile_decode.decoder_space(self._profile.names, self._backend).decoder(self._plan, request=False)

    @functools.cached_property
    def _fast_request_decoder(self) -> FastDecoder:
        return compile_decode.decoder_space(self._profile.names, self._backend).decoder(self._plan, request=True)

    @functools.cached_property
    def _fast_encoder(self) -> FastEncoder:
        return compile_encode.encoder_space(self._profile, self._backend).encoder(self._plan)

    @property
    def _plan(self) -> MessagePlan:
        cls: type = self.message_type
        return plan_of(cls)

    def _exact(self, value: Any) -> M:
        try:
            content = self._read(value, Path(), 0, self._unknown)
        except RecursionError:
            raise Path().fail("the document is nested too deeply") from None
        message: M = self._backend.box(self.message_type, content)
        return message

    def _exact_tree(self, message: M) -> Any:
        path = Path()
        if not isinstance(message, self.message_type):
            raise path.fail(f"expected {self.message_type.__name__}, found {type(message).__name__}")
        try:
            content = self._backend.unbox(message)
        except ValueError as error:
            raise path.fail(str(error)) from None
        return self._write(content, path, 0)


DEFAULT_PROFILE: Final = JsonProfile()

_encode_json: Final = msgspec.json.Encoder().encode


def codec_for(
    message_type: type[M],
    profile: JsonProfile = DEFAULT_PROFILE,
    unknown: UnknownMembers = UnknownMembers.IGNORE,
    unknown_enum_names: UnknownEnumNames = UnknownEnumNames.REJECT,
) -> Codec[M]:
    """The codec of a generated message class; one per class, profile and policies.

    Raises TypeError for a class that is no message, KeyError for one no
    generated module has registered.
    """
    cls: type = message_type
    codec: Codec[M] = _codec_for(cls, profile, unknown, unknown_enum_names)
    return codec


@functools.cache
def _codec_for(
    message_type: type[Any], profile: JsonProfile, unknown: UnknownMembers, unknown_enum_names: UnknownEnumNames
) -> Codec[Any]:
    return Codec(message_type, profile, unknown, unknown_enum_names)


def _utf8(data: str | msgspec.Raw) -> bytes:
    if not isinstance(data, str):
        return bytes(data)
    try:
        return data.encode()
    except UnicodeEncodeError:
        raise Path().fail("the text holds half a surrogate pair") from None


def _take_caller(members: Members) -> tuple[Members, str | None]:
    """Without the engine's member; a caller's own value of another type is dropped with it."""
    found: list[Any] = [member for name, member in members if name == CALLER_MEMBER]
    if not found:
        return members, None
    if len(found) > 1:
        raise Path().member(CALLER_MEMBER).fail("the member occurs twice")
    rest = Members(pair for pair in members if pair[0] != CALLER_MEMBER)
    return rest, found[0] if found[0].__class__ is str else None
