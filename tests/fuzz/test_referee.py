"""The referee over random contracts and damaged documents, as many as a test run can bear."""

from __future__ import annotations

import functools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_contracts import Author
from tests.contract_layer.test_protojson import PROFILES
from tests.fuzz.referee import Subject, document, judge, mutated

KNOWN = [
    (everything, "every.v1.Everything", 0.05),
    (everything, "every.v1.Node", 0.5),
    (orders, "shop.v1.Order", 0.7),
    (rules, "rules.v1.Names", 0.7),
    (everything, "google.protobuf.Value", 1.0),
    (everything, "google.protobuf.Duration", 1.0),
]


@functools.cache
def subjects_of(seed: int) -> list[Subject]:
    """The messages of a random contract, each under a profile of its own."""
    text, names = Author(seed).write()
    contract = compile_proto(text, f"fuzzed{seed}.proto")
    chance = random.Random(seed)
    return [Subject.of(contract, name, chance.choice(PROFILES), chance.random() < 0.3) for name in names]


@given(st.integers(100, 139), st.integers(0, 2**32), st.integers(0, 3))
@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_documents_of_random_contracts(contract: int, seed: int, mutations: int) -> None:
    chance = random.Random(seed)
    text = document(chance.choice(subjects_of(contract)), seed, chance.choice((0.1, 0.5, 0.9)))
    for _ in range(mutations):
        text = mutated(text, chance)
    for subject in subjects_of(contract):
        judge(subject, text.encode(errors="surrogatepass"))


@pytest.mark.parametrize("ignoring", [False, True])
@pytest.mark.parametrize(("contract", "name", "fill"), KNOWN, ids=[name for _, name, _ in KNOWN])
def test_damaged_documents(contract: object, name: str, fill: float, ignoring: bool) -> None:
    subject = Subject.of(contract(), name, PROFILES[0], ignoring)  # type: ignore[operator]
    chance = random.Random(name)
    accepted = 0
    for seed in range(150):
        text = document(subject, seed, fill)
        for _ in range(chance.choice((0, 1, 1, 2, 5))):
            text = mutated(text, chance)
        accepted += judge(subject, text.encode(errors="surrogatepass"))
    assert 20 < accepted < 140


@given(st.binary(max_size=60))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_bytes_that_are_no_json(data: bytes) -> None:
    for subject in (
        Subject.of(orders(), "shop.v1.Order", PROFILES[0]),
        Subject.of(everything(), "google.protobuf.Value", PROFILES[0]),
    ):
        judge(subject, data)
        judge(subject, b'{"note":"' + data + b'"}')
