"""Calls are counted, and too many are refused."""

from __future__ import annotations

import pytest

from iii_bridge.gateway.admission import Admission
from iii_bridge.gateway.status import Refused


def test_the_limit_holds_and_room_comes_back() -> None:
    admission = Admission(2)
    with admission:
        with pytest.raises(ZeroDivisionError), admission:
            assert admission.active == 2
            with pytest.raises(Refused, match="2 calls under way"), admission:
                pass
            raise ZeroDivisionError
        assert (admission.active, admission.refused) == (1, 1)
        with admission:
            pass
    assert admission.active == 0
