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
from iii_bridge.contract.spec import Defaults, JsonProfile, UnknownEnumNames
from tests.contract_layer import contracts
from tests.contract_layer.cases import numbers, structure, texts, well_known
from tests.contract_layer.cases.model import Case
from tests.contract_layer.dynamic import Contract

TABLES = {table.__name__.rpartition(".")[2]: table.CASES for table in (numbers, texts, structure, well_known)}

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
    enum_names = UnknownEnumNames.IGNORE if case.ignoring else UnknownEnumNames.REJECT
    ours = BACKENDS[backend](case.type)
    return codec_for(ours, CANONICAL, unknown_enum_names=enum_names), contract.google(case.type)


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


def read_wrongly(case: Case, backend: str) -> str:
    """How a document is read otherwise than the case says; empty when it is not."""
    codec, theirs = codec_of(case, backend)
    assert case.document is not None
    try:
        message = codec.decode(case.document)
    except CodecError as error:
        fine = case.message is None and error.path.startswith("$")
        return "" if fine else f"refused: {error}"
    if case.message is None:
        return "accepted"
    data = backend_of(type(message)).serialize(message)
    kept = in_order(theirs.FromString(data)) == in_order(meant(case, theirs))
    if kept is (case.document in LOST_IN_BINARY[backend]):
        return f"it is {message!r}"
    printed = codec.encode(message).decode()
    return "" if alike(printed, case.printed, backend) else f"printed as {printed}"


def printed_wrongly(case: Case, backend: str) -> str:
    """The same from binary: for the message a case means, as another program would send it."""
    codec, theirs = codec_of(case, backend)
    ours = BACKENDS[backend](case.type)
    try:
        message = backend_of(ours).parse(ours, in_order(meant(case, theirs)))
        printed = codec.encode(message).decode()
    except ValueError as error:  # reading a field that Python's value cannot hold fails already
        return "" if case.printed is None else f"refused: {error}"
    return "" if alike(printed, case.printed, backend) else f"printed as {printed}"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("table", TABLES)
def test_reading(table: str, backend: str) -> None:
    cases = [case for case in TABLES[table] if case.document is not None]
    wrong = [f"{case} {fault}" for case in cases if (fault := read_wrongly(case, backend))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("table", TABLES)
def test_printing(table: str, backend: str) -> None:
    cases = [case for case in TABLES[table] if case.message is not None]
    wrong = [f"{case} {fault}" for case in cases if (fault := printed_wrongly(case, backend))]
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_cases() -> None:
    cases = {case for table in TABLES.values() for case in table}
    assert len(cases) > 1900
    assert sum(case.message is None for case in cases) > 900
