"""Fuzzes the codec with atheris, for as long as it is left to: `make fuzz`, or

    python -m tests.fuzz.codec corpus -max_total_time=600

Arguments are libFuzzer's. The first byte of an input chooses the message type,
the rest is the document; a folder that is empty is filled with documents to
start from. What the referee does not like is written to `crash-*`; given as an
argument, such a file is tried again.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["iii_bridge.contract", "json.decoder", "json.scanner"]):
    from tests.contract_layer.contracts import everything, orders, rules
    from tests.contract_layer.test_protojson import PROFILES
    from tests.fuzz.referee import Subject, document, judge, mutated

SUBJECTS = [
    Subject.of(contract(), name, profile, ignoring)
    for profile, ignoring in ((PROFILES[0], False), (PROFILES[-1], True))
    for contract, name in [
        (everything, "every.v1.Everything"),
        (everything, "every.v1.Node"),
        (everything, "every.v1.Ping"),
        (orders, "shop.v1.Order"),
        (rules, "rules.v1.Names"),
        (everything, "google.protobuf.Value"),
        (everything, "google.protobuf.Timestamp"),
        (everything, "google.protobuf.Duration"),
        (everything, "google.protobuf.FieldMask"),
        (everything, "google.protobuf.Any"),
    ]
]
SEEDS_OF_EACH = 30


def one_input(data: bytes) -> None:
    """Judges one input."""
    if data:
        judge(SUBJECTS[data[0] % len(SUBJECTS)], data[1:])


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of the mutations know JSON, the other half are libFuzzer's own."""
    if seed % 2:
        return atheris.Mutate(data, max_size)
    changed = mutated(data[1:].decode(errors="surrogateescape"), random.Random(seed))
    return (data[:1] or b"\0") + changed.encode(errors="surrogateescape")[: max_size - 1]


def fill(corpus: Path) -> None:
    """Writes documents to start from."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    for index, subject in enumerate(SUBJECTS):
        for seed in range(SEEDS_OF_EACH):
            text = document(subject, seed, 0.03 if index % 10 == 0 else 0.4)
            (corpus / f"{index}-{seed}").write_bytes(bytes([index]) + text.encode())


def main() -> None:
    """Runs until libFuzzer ends."""
    for argument in sys.argv[1:]:
        if not argument.startswith("-") and not Path(argument).is_file():
            fill(Path(argument))
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
