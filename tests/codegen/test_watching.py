"""Generated again as files change: faults are shown, and watching goes on."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iii_codegen.watching import watch
from tests.cli.test_codegen import PROGRAM
from tests.codegen.support import shop, write_sources

WITHIN = 60.0
CONTRACT = "message R { string id = 1; }\nservice OrdersService { rpc Place(R) returns (R); }"


class Watched:
    """A project that is watched in a thread, and what was said about it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.lines: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=watch,
            args=(project,),
            kwargs={"out": self.lines.append, "err": self.lines.append, "stop": self._stop},
        )
        self._thread.start()

    def wait(self, condition: Callable[[], bool], write: Callable[[], object] | None = None) -> None:
        """Until it holds; what is written is written again, should the watch not have begun the first time."""
        end, again = time.monotonic() + WITHIN, 0.0
        while not condition():
            assert time.monotonic() < end, self.lines
            if write is not None and time.monotonic() > again:
                write()
                again = time.monotonic() + 5
            time.sleep(0.05)

    def said(self, text: str) -> Callable[[], bool]:
        """Whether a line has the text."""
        return lambda: any(text in line for line in self.lines)

    def close(self) -> None:
        """Ends the watch."""
        self._stop.set()
        self._thread.join(WITHIN)
        assert not self._thread.is_alive()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path)
    try:
        yield found
    finally:
        found.close()


def test_a_directory_that_comes_into_being_faults_and_their_repair(watched: Watched) -> None:
    watched.wait(watched.said("no such directory"))
    write_sources(watched.project / "proto", shop(CONTRACT))
    stub = watched.project / "contracts/shop/v1/shop_pb.py"
    watched.wait(stub.is_file)
    place = watched.project / "proto/shop/v1/shop.proto"
    watched.wait(watched.said("shop.proto:1:8"), lambda: place.write_text("message"))
    better = shop(CONTRACT.replace("string id", "string number"))["shop/v1/shop.proto"]
    watched.wait(lambda: "number:" in stub.read_text(), lambda: place.write_text(better))


def test_settings_are_read_again(watched: Watched) -> None:
    write_sources(watched.project / "proto", shop(CONTRACT))
    watched.wait((watched.project / "contracts").is_dir)
    settings = watched.project / "pyproject.toml"
    settings.write_text("[tool.iii-bridge]\nnothing = 1\n")
    watched.wait(watched.said("unknown key tool.iii-bridge.nothing"))
    settings.write_text("[tool.iii-bridge.python]\nout = 'stubs'\n\n")
    watched.wait((watched.project / "stubs/shop/v1/shop_pb.py").is_file)


def test_the_program_ends_with_ctrl_c(tmp_path: Path) -> None:
    write_sources(tmp_path / "proto", shop(CONTRACT))
    process = subprocess.Popen(
        [str(PROGRAM), "codegen", "--watch"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[-1] == "watching proto; Ctrl+C ends it\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.communicate()
