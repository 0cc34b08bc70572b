"""The embedded engine against what a real one said."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.engine import Engine
from tests.engine.support import asynchronous
from tests.transcripts.differences import DIFFERENCES
from tests.transcripts.replayer import Outcome, Replay, load

COVERED = [
    "calls.jsonl",
    "registration.jsonl",
    "http.jsonl",
    "discovery-channels-types.jsonl",
    "state-stream-pubsub-cron-queue.jsonl",
]
TABLE = Path(__file__).parents[2] / "docs" / "reference" / "engine-differences.md"


async def replay(name: str, events: list[dict[str, Any]], patience: float = 10.0) -> Outcome:
    # the recorded engine answers 504 after 3 s; half a second is enough for ours
    async with Engine(http_timeout=0.5) as engine:
        return await Replay(engine, name, events, DIFFERENCES, patience).run()


@pytest.mark.parametrize("name", COVERED)
@asynchronous
async def test_the_engine_says_what_the_real_one_said(name: str) -> None:
    events = load(name)
    outcome = await replay(name, events)
    assert outcome.problems == []
    assert outcome.compared >= sum(e.get("dir") == "<" and "frame" in e for e in events)
    wanted = [d for d in DIFFERENCES if d.recording == name]
    assert [d.reason for i, d in enumerate(wanted) if i not in outcome.met] == []


@asynchronous
async def test_a_changed_recording_is_noticed() -> None:
    """The replay can fail: an altered answer, an altered error and a lost frame are each found."""
    events = copy.deepcopy(load("calls.jsonl"))
    came = [e for e in events if e.get("dir") == "<" and "frame" in e]
    answers = [e for e in came if e["frame"]["type"] == "invocationresult"]
    answers[0]["frame"]["result"]["z"] = 2
    failed = next(e for e in answers if "error" in e["frame"])
    failed["frame"]["error"]["message"] = "bang"
    pong = next(e for e in events if e.get("frame") == {"type": "pong"})
    events.remove(pong)
    outcome = await replay("calls.jsonl", events, patience=0.3)
    text = "\n".join(outcome.problems)
    assert "$.result.z: 2 but came 1" in text
    assert "$.error.message: 'bang' but came 'boom'" in text
    assert 'not recorded: {"type": "pong"}' in text


@asynchronous
async def test_a_changed_http_answer_is_noticed() -> None:
    events = copy.deepcopy(load("http.jsonl"))
    first = next(e for e in events if "http" in e)
    first["answer"]["status"] = 200
    outcome = await replay("http.jsonl", events)
    assert len(outcome.problems) == 1
    assert "$.status: 200 but came 201" in outcome.problems[0]


def test_every_difference_is_documented() -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert [d.reason for d in DIFFERENCES if d.reason not in text] == []
