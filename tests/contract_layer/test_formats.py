"""Well-known formats: by example, and against protovalidate on what is nearly right."""

from __future__ import annotations

from typing import Any

import protovalidate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iii_bridge.contract.formats import FORMATS, PHRASES
from iii_bridge.contract.uris import is_uri, is_uri_reference
from tests.contract_layer.dynamic import Contract, compile_proto

EXAMPLES = {  # name: what is one, what is none
    "email": (["a@b.c", "a+b@localhost"], ["", "a", "a@b@c", "a@-b", "é@a.b", "a@b.c\n"]),
    "hostname": (["a", "a.b.", "x-y.example", "1.a"], ["", ".", "a..b", "-a", "a-", "1.2", "a_b", "x" * 64]),
    "ip": (["1.2.3.4", "::", "fe80::1%eth0"], ["", "1.2.3", "01.2.3.4", "1.2.3.4%a", "fe80::1%"]),
    "ipv4": (["10.0.0.0", "255.255.255.255"], ["256.0.0.1", "::1", "1.2.3.4 "]),
    "ipv6": (["1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"], ["1.2.3.4", "1::2::3", "12345::"]),
    "uri": (["http://a/b?c#d", "urn:x:y", "http://[::1%25e]:80/"], ["", "a/b", "http://[::1%e]/", "http://%ff/"]),
    "uri_ref": (["", "a/b", "//h/x", "?q", "http://a"], ["a:b c", "%zz", "1a:b"]),
    "address": (["a.b", "1.2.3.4", "::1"], ["", "a b"]),
    "uuid": (["123e4567-e89b-12d3-a456-426614174000"], ["", "123e4567e89b12d3a456426614174000"]),
    "tuuid": (["123E4567e89b12d3a456426614174000"], ["", "123e4567-e89b-12d3-a456-426614174000"]),
    "ulid": (["01ARZ3NDEKTSV4RRFFQ69G5FAV"], ["", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAI"]),
    "ip_with_prefixlen": (["1.2.3.4/24", "::1/128"], ["1.2.3.4", "1.2.3.4/33", "fe80::1%a/64", "1.2.3.4/024"]),
    "ipv4_with_prefixlen": (["1.2.3.4/0"], ["::/0"]),
    "ipv6_with_prefixlen": (["::1/0"], ["1.2.3.4/0", "::/129"]),
    "ip_prefix": (["1.2.3.0/24", "::/0"], ["1.2.3.4/24", "::1/64"]),
    "ipv4_prefix": (["0.0.0.0/0"], ["::/0", "0.0.0.1/31"]),
    "ipv6_prefix": (["2001:db8::/32"], ["2001:db8::1/32"]),
    "host_and_port": (["a:80", "1.2.3.4:0", "[::1%e]:65535"], ["a", "a:", "a:65536", "a:080", "::1:80", "[a]:1"]),
    "protobuf_fqn": (["a", "a.B_1"], ["", ".a", "a..b", "1a"]),
    "protobuf_dot_fqn": ([".a.b"], ["a.b", ".", ".a."]),
    "header_name": (["content-type", ":path"], ["", "a b", "a:"]),
    "header_name_loose": (["a b"], ["", "a\nb", "a\0"]),
    "header_value": (["", "a\tb", "é"], ["a\n", "a\x1f", "\x7f"]),
    "header_value_loose": (["", "\x1f"], ["a\r", "\0"]),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    right, wrong = EXAMPLES[name]
    assert [text for text in right if not FORMATS[name](text)] == []
    assert [text for text in wrong if FORMATS[name](text)] == []


def test_every_format_has_examples_and_a_phrase() -> None:
    assert set(EXAMPLES) == set(FORMATS) == set(PHRASES)


def test_uris_directly() -> None:
    assert is_uri("a:")
    assert not is_uri("//a")
    assert is_uri_reference("//a")


NEARLY = sorted({text for right, wrong in EXAMPLES.values() for text in (*right, *wrong)})


def formats() -> Contract:
    """A message with one string for each format."""
    messages: list[str] = []
    for name in FORMATS:
        _, loose = name.removesuffix("_loose"), name.endswith("_loose")
        header = (
            f"well_known_regex: KNOWN_REGEX_HTTP_{name.removesuffix('_loose').upper()} strict: {str(not loose).lower()}"
        )
        rule = header if name.startswith("header") else f"{name}: true"
        messages.append(f"message M_{name} {{ string a = 1 [(buf.validate.field).string = {{ {rule} }}]; }}")
    text = f'syntax = "proto3"; package formats.v1; import "buf/validate/validate.proto"; {"".join(messages)}'
    return compile_proto(text, "formats.proto")


@st.composite
def nearly(draw: st.DrawFn) -> str:
    """An example with a character or two taken away, put in or changed."""
    text = draw(st.sampled_from(NEARLY))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at] + draw(st.sampled_from(["", *"aZ0.-_:/%[]@?#! \té2fF\0\n😀v"])) + text[at + draw(st.booleans()) :]
        )
    return text


@settings(deadline=None, max_examples=400, derandomize=True)
@given(nearly())
def test_the_same_as_protovalidate(text: str) -> None:
    contract = formats()
    for name, check in FORMATS.items():
        theirs: Any = contract.google(f"formats.v1.M_{name}")
        assert check(text) is not bool(protovalidate.collect_violations(theirs(a=text))), name
