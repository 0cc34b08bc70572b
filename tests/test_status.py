"""The status line crosses a stack trace, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.status import StatusCode, format_status_line, parse_status_line, status_for_error_code

DETAILS = st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=2), max_size=2)


@given(st.sampled_from(StatusCode), st.text(), DETAILS, st.text())
def test_a_status_survives_any_stack_above_it(
    code: StatusCode, message: str, details: list[dict[str, object]], stack: str
) -> None:
    line = format_status_line(code.name, message, details)
    assert "\n" not in line
    assert parse_status_line(f"{stack}\n{line}\n") == (code, message, tuple(details))


@pytest.mark.parametrize(
    "stack",
    [
        None,
        "",
        "Error: boom\n    at main.js:1",
        "iii-status/1 {broken",
        'iii-status/1 {"code":"NO_SUCH","message":"m"}',
        'iii-status/1 {"code":"NOT_FOUND"}',
        'iii-status/1 {"code":"NOT_FOUND","message":7}',
        'iii-status/1 {"code":"NOT_FOUND","message":"m","details":["x"]}',
        "iii-status/1 []",
        'iii-status/1 {"code":"NOT_FOUND","message":"m"}\nmore',
        'iii-status/2 {"code":"NOT_FOUND","message":"m"}',
    ],
)
def test_anything_else_is_no_status(stack: str | None) -> None:
    assert parse_status_line(stack) is None


WRAPPED = """Traceback (most recent call last):
  File "worker.py", line 3, in place
    raise OutOfStock("no\\n" + line)
worker.OutOfStock: no
{line}

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "sdk.py", line 9, in invoke
    raise _TraceContextError(traceparent) from error
iii.iii.{wrapper}: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
"""


def test_what_the_python_sdk_adds_to_a_stack_does_not_hide_the_status() -> None:
    line = format_status_line("ABORTED", "no")
    found = parse_status_line(WRAPPED.format(line=line, wrapper="_TraceContextError"))
    assert found == (StatusCode.ABORTED, "no", ())
    assert parse_status_line(WRAPPED.format(line=line, wrapper="OtherError")) is None, "somebody's own exception"
    assert parse_status_line(WRAPPED.format(line="no status", wrapper="_TraceContextError")) is None


def test_iii_codes_have_one_status_each() -> None:
    assert status_for_error_code("function_not_found") is StatusCode.UNIMPLEMENTED
    assert status_for_error_code("NOT_FOUND") is StatusCode.NOT_FOUND
    assert status_for_error_code("never heard of") is StatusCode.UNKNOWN
    for code in StatusCode:
        assert status_for_error_code(code.name) is code
