"""Completion of function ids, in a real bash with its word breaks."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iii_bridge.cli.completing import joined_words
from tests.cli.live import live_engine
from tests.cli.test_live import by_hand

BIN = Path(sys.executable).parent
WITHIN = 60.0


@pytest.mark.parametrize(
    ("words", "current", "joined", "place", "before"),
    [
        (["p", "call", "plain", "::", "ad"], 4, ["p", "call", "plain::ad"], 2, "plain::"),
        (["p", "call", "plain", "::"], 3, ["p", "call", "plain::"], 2, "plain::"),
        (["p", "call", "a", "::", "b", "::", "c", "--x"], 6, ["p", "call", "a::b::c", "--x"], 2, "a::b::"),
        (["p", "call", "a", "::", "b", ""], 5, ["p", "call", "a::b", ""], 3, ""),
        (["p", "call", "plain"], 2, ["p", "call", "plain"], 2, ""),
        (["p", "call", "'plain::a"], 2, ["p", "call", "'plain::a"], 2, ""),
        (["p", "li"], 1, ["p", "li"], 1, ""),
    ],
)
def test_words_that_belong_together(words: list[str], current: int, joined: list[str], place: int, before: str) -> None:
    assert joined_words(words, current) == (joined, place, before)


@pytest.fixture(scope="module")
def bash() -> Iterator[Bash]:
    with live_engine(("hand", by_hand)) as url:
        shell = Bash(url)
        try:
            yield shell
        finally:
            shell.close()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("iii-bridge call plain::ad", "iii-bridge call plain::add"),
        ("iii-bridge call plain::b", "iii-bridge call plain::bare"),
        ("iii-bridge call pl", "iii-bridge call plain::"),
        ("iii-bridge call --url", "iii-bridge call --url"),
        ("iii-bridge che", "iii-bridge check"),
        ("iii-bridge call nobody::", "iii-bridge call nobody::"),
    ],
)
def test_tab_in_bash(bash: Bash, typed: str, line: str) -> None:
    assert bash.completed(typed) == line


class Bash:
    """An interactive bash on a terminal of its own, with the program's completion."""

    def __init__(self, url: str) -> None:
        self._terminal, inner = pty.openpty()
        environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}", "III_URL": url, "PS1": "$ ", "TERM": "dumb", "INPUTRC": "/dev/null",
            "HOME": "/nonexistent",
        }  # fmt: skip
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"], stdin=inner, stdout=inner, stderr=inner, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        script = subprocess.run(
            [BIN / "iii-bridge"], env={**environment, "_III_BRIDGE_COMPLETE": "source_bash"},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.run(f"source /dev/stdin <<'END'\n{script}\nEND")

    def run(self, line: str) -> str:
        """What a line prints."""
        os.write(self._terminal, f"{line}\necho do''ne\n".encode())
        return self._until("done")

    def completed(self, typed: str) -> str:
        """The line after a tab: it is put behind an echo, which shows it whole."""
        os.write(self._terminal, f"{typed}\t\x01echo sh''own: \n".encode())
        return self._until("shown: ").rpartition("shown: ")[2].splitlines()[0].strip()

    def _until(self, word: str) -> str:
        text, end = "", time.monotonic() + WITHIN
        while not (f"\n{word}" in text and text.rpartition(word)[2].endswith("$ ")) and time.monotonic() < end:
            if select.select([self._terminal], [], [], 0.5)[0]:
                text += os.read(self._terminal, 65536).decode(errors="replace")
        return text

    def close(self) -> None:
        """Ends the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
