"""The suite's messages, made for each library."""

from __future__ import annotations

from pathlib import Path

import pytest

from iii_bridge.contract.backend import backend_of
from iii_bridge.testing.conformance_messages import BACKENDS, default_protos, protocol_and_messages
from tests.testing.suite import PROTO2, PROTO3, subject


@pytest.mark.parametrize("backend", BACKENDS)
def test_messages_belong_to_their_library(backend: str) -> None:
    messages = subject(backend)[0]._messages
    assert backend_of(messages[PROTO3]).name == backend
    assert (PROTO2 in messages) is (backend == "google")


def test_the_suites_files_are_found() -> None:
    assert (default_protos() / "conformance" / "conformance.proto").is_file()


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="protoc refuses the suite's files"), protocol_and_messages("google", tmp_path):
        pass
