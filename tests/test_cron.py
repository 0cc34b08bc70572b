"""Schedules: what the engine takes and refuses (wire.md 7.2)."""

from __future__ import annotations

import pytest

from iii_bridge.cron import CronError, check_cron


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 9 * * *",
        "*/5 * * * * *",
        "0 0 9 * * MON-FRI",
        "0 0 9 * * 1",
        "0 0 9 * * 2-6",
        "0 0 9 * * 1,7",
        "0 0 9 * * */2",
        "0 0 9 ? JAN * 2030",
        "0 0 0 1 1 * 2030-2040",
        "0 30 9,12,15 1,15 May-Aug Mon,Wed,Fri 2028/2",
        "@hourly",
        "@daily",
        "@weekly",
        "@monthly",
        "@yearly",
    ],
)
def test_accepted(expression: str) -> None:
    check_cron(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("0 9 * * *", "5 fields"),
        ("0 0 0 9 * * * *", "8 fields"),
        ("", "0 fields"),
        ("@reboot", "@reboot"),
        ("@annually", "@annually"),
        ("60 * * * * *", "60"),
        ("0 0 24 * * *", "24"),
        ("0 0 9 * 13 *", "13"),
        ("0 0 9 32 * *", "32"),
        ("0 0 9 * * 0", "day of week 0"),
        ("0 0 9 * * 8", "day of week 8"),
        ("0 0 9 * * 1#2", "not well-formed"),
        ("0 0 9 L * *", "day of month l"),
        ("0 0 9 * FOO *", "month foo"),
        ("0 0 9 * * MONDAY", "day of week monday"),
        ("0 */0 9 * * *", "step of 0"),
        ("0 0 9, * * *", "hour"),
        ("0 0 0 30 2 *", ""),
    ],
)
def test_refused(expression: str, reason: str) -> None:
    with pytest.raises(CronError) as caught:
        check_cron(expression)
    assert reason in str(caught.value)
