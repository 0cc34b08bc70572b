"""Official SDKs as processes that are told what to do in JSON, one line each.

`function function_id answer result?`, `endpoint function_id url`, `unfunction function_id`, `trigger name kind
function_id config metadata?`, `untrigger name`, `type kind`, `untype kind`, `call function_id payload queue? void?
metadata? namespace?`, `channel text size`, `streams` and `end`. A peer says `done`, `answer` or `error` to each, and
`called`, `bound` or `unbound` when that happens to it. An `answer` of a function is `echo`, `fixed` (the result),
`fail`, `fail twice`, `stream` (over the channels of an http request), or `status` (the result is the line that its
stack ends with).
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
WAIT = 30.0
COMMANDS = {
    "python": [sys.executable, str(HERE / "python_peer.py")],
    "node": ["node", str(HERE / "node_peer.mjs")],
    "rust": [str(HERE.parents[2] / "target" / "debug" / "iii-bridge-test-peer")],
}
_HEARD = ("called", "bound", "unbound")


class Peer:
    """One SDK at work. What it hears beside its answers is kept until somebody asks."""

    def __init__(self, sdk: str, url: str, name: str) -> None:
        self.sdk = sdk
        environment = {**os.environ, "OTEL_ENABLED": "false", "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            [*COMMANDS[sdk], url, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self._answers.get(timeout=WAIT)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                words = json.loads(line)
                (self._heard if any(word in words for word in _HEARD) else self._answers).put(words)

    def tell(self, verb: str, **words: Any) -> dict[str, Any]:
        """What it says to one order."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": verb, **words}) + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=WAIT)

    def heard(self, within: float = WAIT) -> dict[str, Any]:
        """The next thing that happened to it."""
        return self._heard.get(timeout=within)

    def quiet(self) -> bool:
        """Has everything that happened been asked for?"""
        return self._heard.empty()

    def call(self, function_id: str, payload: Any, **more: Any) -> Any:
        """A call's answer; AssertionError when it failed."""
        said = self.tell("call", function_id=function_id, payload=payload, **more)
        assert "answer" in said, said
        return said["answer"]

    def refused(self, function_id: str, payload: Any, **more: Any) -> dict[str, str]:
        """The error of a call that has to fail."""
        said = self.tell("call", function_id=function_id, payload=payload, **more)
        assert "error" in said, said
        error: dict[str, str] = said["error"]
        return error

    def function(self, function_id: str, answer: str = "echo", result: Any = None) -> str:
        """Registers a function and waits until the engine lists it."""
        self.tell("function", function_id=function_id, answer=answer, result=result)
        self._until("engine::functions::list", "functions", function_id)
        return function_id

    def provide(self, kind: str) -> dict[str, Any]:
        """Registers a trigger type for which a binding waits, and hears of the binding.

        PyPI's SDK tells the engine before it knows its own handler, and drops a binding that comes in between: then it
        is tried again.
        """
        while True:
            self.tell("type", kind=kind)
            try:
                return self.heard(WAIT if self.sdk != "python" else 5.0)
            except queue.Empty:
                if self.sdk != "python":
                    raise
                self.tell("untype", kind=kind)

    def bind(self, kind: str, function_id: str, config: Any, metadata: Any = None) -> str:
        """Binds a trigger and waits until the engine lists it."""
        name = f"{kind} {function_id}"
        more = {} if metadata is None else {"metadata": metadata}
        self.tell("trigger", name=name, kind=kind, function_id=function_id, config=config, **more)
        self._until("engine::registered-triggers::list", "registered_triggers", function_id)
        return name

    def _until(self, listing: str, member: str, function_id: str) -> None:
        end = time.monotonic() + WAIT
        while not any(row["function_id"] == function_id for row in self.call(listing, {})[member]):
            assert time.monotonic() < end, f"{function_id} is not listed by {listing}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write('{"do":"end"}\n')
            self._process.stdin.close()
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
