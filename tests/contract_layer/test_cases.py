"""The tables of `cases` on every message library: what is read, what it is printed as, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import text_format

from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.registry import class_of
from iii_bridge.contract.spec import Defaults, JsonProfile
from tests.contract_layer import contracts
from tests.contract_layer.cases import numbers, structure, texts, well_known
from tests.contract_layer.cases.model import Case
from tests.contract_layer.dynamic import Contract

CASES = list(dict.fromkeys([*numbers.CASES, *texts.CASES, *structure.CASES, *well_known.CASES]))

LOST_IN_BINARY = {
    # betterproto2 leaves -0.0 out of a field without presence, as if it were 0.0.
    "betterproto2": frozenset({'{"aDouble":-0.0}', '{"aDouble":"-0"}', '{"aDouble":-0e3}', '{"aFloat":-0.0}'}),
    "google": frozenset[str](),
}
"""What a library's binary form does not keep: the list in docs/reference/conformance.md."""

CANONICAL = JsonProfile(defaults=Defaults.OMIT)


def contract_of(full_name: str) -> Contract:
    """The contract a case's message stands in; google's own types are in all of them."""
    package = full_name.partition(".")[0]
    made = {"rules": contracts.rules, "spell": contracts.spellings}.get(package, contracts.everything)
    return made()


BACKENDS: dict[str, Callable[[str], type[Any]]] = {
    "betterproto2": class_of,
    "google": lambda full_name: contract_of(full_name).google(full_name),
}
"""How each message library finds its class of a full name."""


def codec_of(case: Case, backend: str) -> tuple[Codec[Any], type[Any]]:
    """The codec under test, and the reference's class."""
    contract = contract_of(case.type)
    return codec_for(BACKENDS[backend](case.type), CANONICAL), contract.google(case.type)


def meant(case: Case, theirs: type[Any]) -> Any:
    """The message of a case as the reference's."""
    message = theirs()
    text_format.Parse(case.message or "", message, descriptor_pool=message.DESCRIPTOR.file.pool)
    return message


def in_order(message: Any) -> bytes:
    """Bytes of a message of the reference, equal for equal messages."""
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def alike(text: str, printed: str | None, backend: str) -> bool:
    """The same text; google's maps have no order."""
    if backend != "google" or printed is None:
        return text == printed
    left, right = (json.loads(side, parse_int=str, parse_float=str) for side in (text, printed))
    return len(text) == len(printed) and left == right


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", [case for case in CASES if case.document is not None], ids=lambda case: case.id)
def test_reading(case: Case, backend: str) -> None:
    codec, theirs = codec_of(case, backend)
    assert case.document is not None
    if case.message is None:
        with pytest.raises(CodecError) as caught:
            codec.decode(case.document)
        assert caught.value.path.startswith("$")
        return
    message = codec.decode(case.document)
    expected = meant(case, theirs)
    data = backend_of(type(message)).serialize(message)
    kept = in_order(theirs.FromString(data)) == in_order(expected)
    assert kept is (case.document not in LOST_IN_BINARY[backend])
    assert alike(codec.encode(message).decode(), case.printed, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", [case for case in CASES if case.message is not None], ids=lambda case: case.id)
def test_printing(case: Case, backend: str) -> None:
    """From binary: the message a case means, as another program would send it."""
    codec, theirs = codec_of(case, backend)
    data = in_order(meant(case, theirs))
    ours = BACKENDS[backend](case.type)
    if case.printed is None:
        with pytest.raises(ValueError):  # reading a field that Python's value cannot hold fails already
            codec.encode(backend_of(ours).parse(ours, data))
        return
    assert alike(codec.encode(backend_of(ours).parse(ours, data)).decode(), case.printed, backend)


def test_there_are_enough_cases() -> None:
    assert len(CASES) > 1900
    assert sum(case.message is None for case in CASES) > 900
