"""What is printed is valid, what is read is valid, and what is valid is read: over contracts nobody thought of."""

from __future__ import annotations

import functools
import itertools
import random
import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.spec import (
    Defaults,
    Enums,
    Int64,
    JsonProfile,
    Names,
    UnknownEnumNames,
    UnknownMembers,
)
from iii_codegen.emit.jsonschema.shapes import View
from tests.codegen.emit.jsonschema.contracts import SEEDS, RandomContract, RequiredValues, random_contract
from tests.codegen.emit.jsonschema.documents import Documents, spell
from tests.codegen.emit.jsonschema.published import PUBLISHED
from tests.codegen.emit.jsonschema.validators import Ajv, RustSchema
from tests.contract_layer.spellings import Speller

PROFILES = [JsonProfile(*axes) for axes in itertools.product(Names, Int64, Enums, Defaults)]
DIALECTS = ["2020-12", "draft-07"]
ALL = pytest.mark.parametrize("seed", [*SEEDS, SEEDS.stop])
LENIENT = (UnknownMembers.IGNORE, UnknownEnumNames.IGNORE)
STRICT = (UnknownMembers.REJECT, UnknownEnumNames.REJECT)

ARITHMETIC = re.compile("out of range|with a fraction")
NUMBER_IN_STRING = re.compile('"-?[0-9.]+[eE][+-]?[0-9]+"')
"""What the arithmetic is about; numbers that validators would round are not among those that are made."""


def messages(contract: RandomContract, name: str, seed: int, count: int, *, unnamed: bool = False) -> list[Any]:
    """Random messages of google's class, some of everything."""
    anys = tuple(contract.contract.google(other) for other in contract.messages)
    fills = (0.0, 0.1, 0.5, 0.9) if seed in SEEDS else (0.0, 0.05, 0.15)
    made = [RequiredValues(seed + index, fills[index % len(fills)], anys, unnamed=unnamed) for index in range(count)]
    return [randomizer.message(contract.contract.google(name)) for randomizer in made]


def codecs(contract: RandomContract, name: str, policies: Any = STRICT, profile: Any = PROFILES[0]) -> list[Codec[Any]]:
    """Of both message libraries."""
    classes: list[type[Any]] = [contract.contract.cls(name), contract.contract.google(name)]
    return [codec_for(cls, profile, *policies) for cls in classes]


@ALL
def test_whatever_is_printed_is_valid(seed: int, ajv: Ajv) -> None:
    contract = random_contract(seed)
    chance, speller = random.Random(seed), Speller(seed, unknown=False)
    for name, dialect in itertools.product(contract.messages, DIALECTS):
        wide = RustSchema(contract.protojson(name, dialect, *STRICT), dialect)
        documents = [speller.message(message) for message in messages(contract, name, seed, 6)]
        samples = [[codec.decode(document) for document in documents] for codec in codecs(contract, name)]
        for profile in PROFILES:
            schema = contract.schema(name, dialect, View(profile, response=True, unknown=UnknownMembers.REJECT))
            checkers: list[Any] = [RustSchema(schema, dialect)]
            checkers += [ajv.schema(schema, dialect)] if chance.random() < 0.2 else []
            codec, sample = chance.choice(list(zip(codecs(contract, name, STRICT, profile), samples, strict=True)))
            for message in sample:
                printed = codec.encode(message).decode()
                assert wide.complaints(printed) == []
                assert [checker.accepts(printed) for checker in checkers] == [True] * len(checkers), (
                    checkers[0].complaints(printed),
                    printed,
                )


@ALL
def test_whatever_is_read_is_valid(seed: int, ajv: Ajv) -> None:
    contract = random_contract(seed)
    for name, policies in itertools.product(contract.messages, (LENIENT, STRICT)):
        schemas = [(dialect, contract.protojson(name, dialect, *policies)) for dialect in DIALECTS]
        rust = [RustSchema(schema, dialect) for dialect, schema in schemas]
        checkers = [*rust, *(ajv.schema(schema, dialect) for dialect, schema in schemas)]
        speller = Speller(seed, unknown=policies is LENIENT)
        for message in messages(contract, name, seed, 12, unnamed=True):
            document = speller.message(message)
            for codec in codecs(contract, name, policies):
                codec.decode(document)
            assert [checker.accepts(document) for checker in checkers] == [True] * 4, (
                rust[0].complaints(document),
                document,
            )


@ALL
@given(data=st.data())
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_valid_is_read(seed: int, ajv: Ajv, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(random_contract(seed).messages))
    referees = _referees(seed, name, data.draw(st.sampled_from((LENIENT, STRICT))), ajv)
    document = spell(data.draw(referees.documents))
    answers = {checker.accepts(document) for checker in referees.checkers}
    for codec in referees.codecs:
        problem = _problem(codec, document)
        if answers != {problem is None}:
            assert answers == {True}, (answers, problem, document)
            assert any(row.problem in str(problem) for row in PUBLISHED), (problem, document)
            assert not ARITHMETIC.search(str(problem)) or NUMBER_IN_STRING.search(document), (problem, document)


def _problem(codec: Codec[Any], document: str) -> str | None:
    try:
        codec.decode(document)
    except CodecError as error:
        return error.problem
    return None


@dataclass(frozen=True)
class _Referees:
    codecs: list[Codec[Any]]
    checkers: list[Any]
    documents: Any


@functools.cache
def _referees(seed: int, name: str, policies: Any, ajv: Ajv) -> _Referees:
    contract = random_contract(seed)
    schemas = {dialect: contract.protojson(name, dialect, *policies) for dialect in DIALECTS}
    rust = [RustSchema(schema, dialect) for dialect, schema in schemas.items()]
    checkers = [*rust, *(ajv.schema(schema, dialect) for dialect, schema in schemas.items())]
    return _Referees(codecs(contract, name, policies), checkers, Documents(schemas["2020-12"]).changed())


@ALL
def test_of_what_is_printed_canonical_lacks_only_enum_numbers_without_a_name(seed: int) -> None:
    contract = random_contract(seed)
    speller = Speller(seed, unknown=False)
    for name in contract.messages:
        schema = contract.schema(name, "2020-12", View(PROFILES[0], response=True, unknown=UnknownMembers.REJECT))
        canonical, wide = RustSchema(schema, "2020-12"), RustSchema(contract.protojson(name, "2020-12"), "2020-12")
        for codec in codecs(contract, name):
            for message in messages(contract, name, seed, 4, unnamed=True):
                printed = codec.encode(codec.decode(speller.message(message))).decode()
                assert wide.complaints(printed) == []
                assert {str(value) for value in canonical.refused(printed)} <= {"99", "-7"}
