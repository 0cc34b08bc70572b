"""iii_bridge/v1 is what its contracts say, and is reached through the abi without being loaded by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from iii_bridge.contract.registry import full_name_of
from iii_codegen.own import own_changes


def test_iii_bridge_v1_is_fresh() -> None:
    assert list(own_changes().lines(Path.cwd())) == []


def test_events_pin_the_names_the_engine_writes() -> None:
    from iii_bridge.abi import v1 as abi
    from iii_bridge.v1 import HttpRequest

    assert abi.bridge_v1.HttpRequest is HttpRequest
    assert full_name_of(HttpRequest) == "iii_bridge.v1.HttpRequest"


def test_the_abi_loads_it_on_first_use_only() -> None:
    script = """
import sys
from iii_bridge.abi import v1 as abi
unwanted = ("iii_bridge.v1", "google.protobuf", "websockets", "asyncio")
loaded = [name for name in sys.modules if name.startswith(unwanted)]
assert not loaded, loaded
assert abi.bridge_v1.HttpRequest().method == ""
try:
    abi.nothing
except AttributeError as error:
    assert "nothing" in str(error)
else:
    raise AssertionError("an unknown name was found")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
