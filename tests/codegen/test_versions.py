"""`iii-bridge breaking` shows changes in three forms and ends with one of three codes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from iii_codegen.text import Format
from iii_codegen.versions import show_breaking
from tests.codegen.support import shop, write_sources

BODY = "message R {{ string {name} = 1; }}\nservice OrdersService {{ rpc Place(R) returns (R){options} }}"
PLAIN = BODY.format(name="sku", options=";")


@dataclass
class Run:
    code: int
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path / "old", shop(PLAIN))


def run(new: str, form: Format = Format.TEXT, *accepted: str, against: str = "old") -> Run:
    write_sources(Path("proto"), shop(new))
    done = Run(0)
    done.code = show_breaking(
        Path(), against=against, proto=None, accepted=accepted, form=form, out=done.out.append, err=done.err.append
    )
    return done


def test_nothing_changed() -> None:
    done = run(PLAIN)
    assert (done.code, done.out, done.err) == (0, [], ["0 breaking changes and 0 notes since old"])


def test_a_break_is_shown_with_the_file_as_it_is_called_from_here() -> None:
    done = run(BODY.format(name="article", options=";"))
    assert done.code == 1
    assert [line.split(": ")[:2] for line in done.out] == [
        ["proto/shop/v1/shop.proto:14:20", "breaking BRK203"],
        ["proto/shop/v1/shop.proto:14:20", "breaking BRK204"],
    ]
    assert done.err == ["2 breaking changes and 0 notes since old"]


def test_accepted_codes_are_left_out() -> None:
    done = run(BODY.format(name="article", options=";"), Format.TEXT, "BRK203", "BRK204")
    assert (done.code, done.out) == (0, [])
    done = run(PLAIN, Format.TEXT, "BRK999")
    assert (done.code, done.out) == (2, [])
    assert done.err == ["error: there is no code BRK999; docs/reference/breaking-changes.md lists them"]


def test_json() -> None:
    done = run(BODY.format(name="article", options=";"), Format.JSON)
    changes = json.loads("\n".join(done.out))
    assert done.err == []
    assert changes[0] == {
        "code": "BRK203",
        "breaking": True,
        "file": "proto/shop/v1/shop.proto",
        "line": 14,
        "column": 20,
        "element": "shop.v1.R.article",
        "old": "sku",
        "new": "article",
        "problem": "field shop.v1.R.article (number 1) was renamed from sku to article",
        "cure": "keep the name, or add a field",
        "buf": "FIELD_SAME_NAME",
    }
    assert json.loads("\n".join(run(PLAIN, Format.JSON).out)) == []


def test_annotations() -> None:
    options = ' { option (iii_bridge.v1.function) = { metadata: { key: "a" value: "b" } }; }'
    done = run(BODY.format(name="sku", options=options), Format.GITHUB)
    assert (done.code, done.err) == (0, [])
    assert done.out == [
        "::notice file=proto/shop/v1/shop.proto,line=15,col=52,title=BRK412::"
        "method shop.v1.OrdersService/Place changed its metadata a; instead: tell those who read the catalogue"
    ]


@pytest.mark.parametrize(
    ("new", "against", "said"),
    [
        ("message", "old", "proto/shop/v1/shop.proto:14:8"),
        (BODY.format(name="caller", options=' { option (iii_bridge.v1.function) = { id: "" }; }'), "old", "III201"),
        (PLAIN, "nosuch", "nosuch is no directory and no file"),
        (PLAIN, "empty", "no .proto files below it"),
    ],
)
def test_what_cannot_be_compared(new: str, against: str, said: str) -> None:
    Path("empty").mkdir()
    done = run(new, against=against)
    assert (done.code, done.out) == (2, [])
    assert said in "\n".join(done.err)
