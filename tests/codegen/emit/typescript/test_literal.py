"""Values and comments as TypeScript."""

from __future__ import annotations

import json
import subprocess

from iii_codegen.emit.file import Lines
from iii_codegen.emit.typescript.literal import Code, add_value, documentation, text

HOSTILE = {"__proto__": 1, "constructor": [], "a b": {"é\u2028": 'say "*/"'}, "list": [{"x": None}, [], {}, True]}


def written(value: object) -> str:
    lines = Lines()
    add_value(lines, value, "const value = ", ";")
    return "\n".join(lines.all())


def test_javascript_reads_what_is_written() -> None:
    program = f"{written(HOSTILE)}\nconsole.log(JSON.stringify(value))"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == HOSTILE


def test_code_stands_as_it_is() -> None:
    assert written({"a": Code("json(1)"), "b": ["x"]}) == (
        'const value = {\n    a: json(1),\n    b: [\n        "x",\n    ],\n};'
    )
    assert text("\u2028") == '"\\u2028"'


def test_comments_cannot_end_early() -> None:
    assert documentation("") == []
    assert documentation("one */ two") == ["/** one * / two */"]
    assert documentation("one\n\ntwo", "", "more") == ["/**", " * one", " *", " * two", " *", " * more", " */"]
