"""Update operations on stored text."""

from __future__ import annotations

import pytest

from iii_bridge.engine.builtins import BuiltinFailure
from iii_bridge.engine.updates import updated
from iii_bridge.protocol.update_ops import Increment


def test_text_in_and_text_out() -> None:
    step, errors = updated([Increment("n", 1), Increment("s", 1)], "X")
    assert step(b'{"n": 18446744073709551614, "s": "a"}') == b'{"n":18446744073709551615,"s":"a"}'
    assert [error.code for error in errors] == ["increment.not_number"]
    assert step(None) == b'{"n":1,"s":1}'
    assert errors == []


def test_what_cannot_be_read_is_a_failure_with_the_functions_code() -> None:
    step, _ = updated([], "UPDATE_ERROR")
    for text in (b'"\\ud800"', b"[" * 100_000):
        with pytest.raises(BuiltinFailure) as caught:
            step(text)
        assert caught.value.body.code == "UPDATE_ERROR"


def test_the_new_size_is_looked_at() -> None:
    sizes: list[int] = []
    step, _ = updated([], "X", sizes.append)
    step(b'{"a": 1}')
    assert sizes == [7]
