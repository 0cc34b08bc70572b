"""How a queue is declared."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.engine import QueueConfig


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", QueueConfig("a")),
        ("a:fifo", QueueConfig("a", type="fifo")),
        ("a:standard", QueueConfig("a")),
    ],
)
def test_a_queue_on_the_command_line(text: str, expected: QueueConfig) -> None:
    assert QueueConfig.parse(text) == expected


@pytest.mark.parametrize("text", ["", ":fifo", "a:", "a:lifo", "a:fifo:x"])
def test_what_is_no_queue(text: str) -> None:
    with pytest.raises(ValueError, match="NAME"):
        QueueConfig.parse(text)


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"max_retries": 0}, {"backoff_ms": -1}, {"delay": -1}])
def test_a_queue_that_cannot_run(wrong: dict[str, int]) -> None:
    settings: dict[str, Any] = {**wrong}
    with pytest.raises(ValueError, match="'q' needs"):
        QueueConfig("q", **settings)


def test_a_fifo_queue_runs_one_at_a_time_unless_it_has_groups() -> None:
    assert QueueConfig("q").slots == 10
    assert QueueConfig("q", type="fifo").slots == 1
    assert QueueConfig("q", type="fifo", message_group_field="g", concurrency=4).slots == 4
