"""The types the emitter takes from the abi are the ones the abi holds."""

from __future__ import annotations

from iii_bridge.abi import v1 as abi
from iii_bridge.contract import well_known
from iii_codegen.emit.python.types import WELL_KNOWN


def test_the_emitter_knows_every_well_known_type_and_no_other() -> None:
    """The emitter keeps its own list, so that starting a plugin does not load the message library."""
    assert set(well_known.__all__) == WELL_KNOWN
    assert all(hasattr(abi, name) for name in WELL_KNOWN)
