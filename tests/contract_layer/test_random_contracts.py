"""The codec against json_format on contracts nobody thought of."""

from __future__ import annotations

import random

import pytest

from iii_bridge.contract.protojson import codec_for
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_contracts import Author
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_protojson import PROFILES, check_the_paths_agree, google_json, google_parse, same


@pytest.mark.parametrize("seed", range(25))
def test_a_random_contract_agrees_with_the_reference(seed: int) -> None:
    text, names = Author(seed).write()
    contract = compile_proto(text, f"random{seed}.proto")
    chance = random.Random(seed)
    randomizer = Randomizer(seed, fill=0.6)
    for name in names:
        theirs = contract.google(name)
        for profile in chance.sample(PROFILES, 3):
            codec = codec_for(contract.cls(name), profile)
            for _ in range(8):
                expected = randomizer.message(theirs)
                message = codec.decode(google_json(expected, chance))
                printed = codec.encode(message)
                assert same(google_parse(theirs(), printed), expected), (text, printed)
                check_the_paths_agree(codec, message, printed)
