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

from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names, UnknownMembers
from iii_codegen.emit.jsonschema.shapes import View
from tests.codegen.emit.jsonschema.contracts import SEEDS, RandomContract, RequiredValues, random_contract
from tests.codegen.emit.jsonschema.documents import Documents, spell
from tests.codegen.emit.jsonschema.published import PUBLISHED
from tests.codegen.emit.jsonschema.validators import Ajv, RustSchema
from tests.contract_layer.spellings import Speller

PROFILES = [JsonProfile(*axes) for axes in itertools.product(Names, Int64, Enums, Defaults)]
DIALECTS = ["2020-12", "draft-07"]
ALL = [*SEEDS, SEEDS.stop]
ARITHMETIC = re.compile("out of range|with a fraction")
NUMBER_IN_STRING = re.compile('"-?[0-9.]+[eE][+-]?[0-9]+"')
"""What the arithmetic is about; numbers that validators would round are not among those that are made."""
POLICIES = [UnknownMembers.IGNORE, UnknownMembers.REJECT]


def messages(contract: RandomContract, name: str, seed: int, count: int, *, unnamed: bool = False) -> list[Any]:
    """Random messages of google's class, some of everything."""
    anys = tuple(contract.contract.google(other) for other in contract.messages)
    fills = (0.0, 0.1, 0.5, 0.9) if seed in SEEDS else (0.0, 0.05, 0.15)
    made = [RequiredValues(seed + index, fills[index % len(fills)], anys, unnamed=unnamed) for index in range(count)]
    return [randomizer.message(contract.contract.google(name)) for randomizer in made]


@pytest.mark.parametrize("seed", ALL)
def test_whatever_is_printed_is_valid(seed: int, ajv: Ajv) -> None:
    contract = random_contract(seed)
    chance, speller = random.Random(seed), Speller(seed)
    for name, dialect in itertools.product(contract.messages, DIALECTS):
        cls = contract.contract.cls(name)
        wide = RustSchema(contract.protojson(name, dialect, UnknownMembers.REJECT), dialect)
        samples = [codec_for(cls).decode(speller.message(message)) for message in messages(contract, name, seed, 6)]
        for profile in PROFILES:
            strict = View(profile, response=True, unknown=UnknownMembers.REJECT)
            schema = contract.schema(name, dialect, strict)
            checkers: list[Any] = [RustSchema(schema, dialect)]
            checkers += [ajv.schema(schema, dialect)] if chance.random() < 0.2 else []
            for message in samples:
                printed = codec_for(cls, profile).encode(message).decode()
                assert [checker.accepts(printed) for checker in checkers] == [True] * len(checkers), (
                    checkers[0].complaints(printed),
                    printed,
                )
                assert wide.accepts(printed), (wide.complaints(printed), printed)


@pytest.mark.parametrize("seed", ALL)
def test_whatever_is_read_is_valid(seed: int, ajv: Ajv) -> None:
    contract = random_contract(seed)
    for name, policy in itertools.product(contract.messages, POLICIES):
        codec = codec_for(contract.contract.cls(name), unknown=policy)
        schemas = [(dialect, contract.protojson(name, dialect, policy)) for dialect in DIALECTS]
        rust = [RustSchema(schema, dialect) for dialect, schema in schemas]
        checkers = [*rust, *(ajv.schema(schema, dialect) for dialect, schema in schemas)]
        speller = Speller(seed, unknown=policy is UnknownMembers.IGNORE)
        for message in messages(contract, name, seed, 12, unnamed=True):
            document = speller.message(message)
            codec.decode(document)
            assert [checker.accepts(document) for checker in checkers] == [True] * 4, (
                rust[0].complaints(document),
                document,
            )


@pytest.mark.parametrize("seed", ALL)
@given(data=st.data())
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_valid_is_read(seed: int, ajv: Ajv, data: st.DataObject) -> None:
    referees = _referees(
        seed, data.draw(st.sampled_from(random_contract(seed).messages)), data.draw(st.sampled_from(POLICIES)), ajv
    )
    document = spell(data.draw(referees.documents))
    problem = _problem(referees.codec, document)
    answers = {checker.accepts(document) for checker in referees.checkers}
    if answers != {problem is None}:
        assert answers == {True}, (answers, problem, document)
        assert any(row.problem in str(problem) for row in PUBLISHED), (problem, document)
        assert not ARITHMETIC.search(str(problem)) or NUMBER_IN_STRING.search(document), (problem, document)


def _problem(codec: Any, document: str) -> str | None:
    try:
        codec.decode(document)
    except CodecError as error:
        return error.problem
    return None


@dataclass(frozen=True)
class _Referees:
    codec: Any
    checkers: list[Any]
    documents: Any


@functools.cache
def _referees(seed: int, name: str, policy: UnknownMembers, ajv: Ajv) -> _Referees:
    contract = random_contract(seed)
    schemas = {dialect: contract.protojson(name, dialect, policy) for dialect in DIALECTS}
    rust = [RustSchema(schema, dialect) for dialect, schema in schemas.items()]
    checkers = [*rust, *(ajv.schema(schema, dialect) for dialect, schema in schemas.items())]
    return _Referees(
        codec_for(contract.contract.cls(name), unknown=policy), checkers, Documents(schemas["2020-12"]).changed()
    )
