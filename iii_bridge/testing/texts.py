"""Hypothesis strategies for strings and bytes, as the rules of a field ask for them.

What is cheap to build is built: constants, choices, sizes, affixes, formats,
patterns. The rest is left to the codec, which refuses what does not fit.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from iii_bridge.contract.re2_match import matcher
from iii_bridge.contract.rules import BytesRules, Size, StringRules

__all__ = ["binaries", "sizes", "texts"]

_SPARE: Final = 12  # how much longer than asked for a value may become where nothing limits it


def texts(rules: StringRules | None) -> SearchStrategy[str]:
    """Strings that keep most of the rules."""
    if rules is None:
        return st.text(max_size=_SPARE)
    if rules.const is not None:
        return st.just(rules.const)
    if rules.one_of:
        return st.sampled_from(rules.one_of)
    found = _with_affixes(rules) if rules.pattern is None and not rules.format else _shaped(rules)
    return found.filter(lambda text: text not in rules.none_of) if rules.none_of else found


def binaries(rules: BytesRules | None) -> SearchStrategy[bytes]:
    """Bytes that keep most of the rules."""
    if rules is None:
        return st.binary(max_size=_SPARE)
    if rules.const is not None:
        return st.just(rules.const)
    if rules.one_of:
        return st.sampled_from(rules.one_of)
    if rules.pattern is not None:
        return _of_pattern(rules.pattern).map(str.encode)
    if rules.format:
        return st.one_of(*(st.binary(min_size=size, max_size=size) for size in _FORMAT_SIZES[rules.format]))
    fixed = len(rules.prefix) + len(rules.contains) + len(rules.suffix)
    least, most = sizes(rules.length, spare=_SPARE, taken=fixed)
    middle = st.binary(min_size=least, max_size=most)
    return middle.map(lambda data: rules.prefix + data + rules.contains + rules.suffix)


def sizes(size: Size, *, spare: int, taken: int = 0) -> tuple[int, int]:
    """How small and how large a part may be, when `taken` are there already; `spare` is the room without a limit."""
    least = max(0, (size.least or 0) - taken)
    most = least + spare if size.most is None else min(max(0, size.most - taken), least + spare)
    return least, max(least, most)


_FORMAT_SIZES: Final = {"ip": (4, 16), "ipv4": (4,), "ipv6": (16,), "uuid": (16,)}


def _with_affixes(rules: StringRules) -> SearchStrategy[str]:
    length, alphabet = rules.length, st.characters(codec="utf-8")
    if rules.bytes_length:  # one byte for each character, so that both kinds of limits are one
        length, alphabet = _narrowed(rules.length, rules.bytes_length), st.characters(codec="ascii")
    fixed = len(rules.prefix) + len(rules.contains) + len(rules.suffix)
    least, most = sizes(length, spare=_SPARE, taken=fixed)
    middle = st.text(alphabet, min_size=least, max_size=most)
    return middle.map(lambda text: rules.prefix + text + rules.contains + rules.suffix)


def _narrowed(one: Size, other: Size) -> Size:
    low = [value for value in (one.least, other.least) if value is not None]
    high = [value for value in (one.most, other.most) if value is not None]
    return Size(max(low, default=None), min(high, default=None))


def _shaped(rules: StringRules) -> SearchStrategy[str]:
    if rules.format:
        return _FORMATS[rules.format]()
    return _of_pattern(rules.pattern or "")


def _of_pattern(pattern: str) -> SearchStrategy[str]:
    """Texts RE2 finds the pattern in; a pattern that Python's library cannot read is looked for by chance."""
    matches = matcher(pattern)
    try:
        found = st.from_regex(re.compile(pattern.replace(r"\z", r"\Z")))
    except (re.error, OverflowError):
        found = st.text(max_size=_SPARE)
    return found.filter(matches)


def _regex(pattern: str) -> Callable[[], SearchStrategy[str]]:
    return lambda: st.from_regex(pattern, fullmatch=True)


def _prefixed(version: int | None, *, strict: bool) -> Callable[[], SearchStrategy[str]]:
    def write(address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int) -> str:
        bits = min(length, address.max_prefixlen)
        network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
        return f"{network.network_address if strict else address}/{bits}"

    def make() -> SearchStrategy[str]:
        addresses = st.ip_addresses() if version is None else st.ip_addresses(v=4 if version == 4 else 6)
        return st.builds(write, addresses, st.integers(0, 128))

    return make


_HOST: Final = r"[a-z][a-z0-9]{0,7}(\.[a-z][a-z0-9]{0,7}){0,2}"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,7}(\.[A-Za-z_][A-Za-z0-9_]{0,7}){0,2}"

_FORMATS: Final[Mapping[str, Callable[[], SearchStrategy[str]]]] = {
    "email": _regex(rf"[a-z][a-z0-9.+-]{{0,9}}@{_HOST}"),
    "hostname": _regex(_HOST),
    "ip": lambda: st.ip_addresses().map(str),
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
    "uri": _regex(
        rf"(https?://{_HOST}(:[1-9][0-9]{{1,3}})?(/[a-z0-9]{{0,6}}){{0,3}}|urn:[a-z]{{2,6}}:[a-z0-9]{{1,8}})"
    ),
    "uri_ref": _regex(rf"(https?://{_HOST})?(/[a-z0-9]{{0,6}}){{1,3}}"),
    "address": lambda: st.one_of(st.from_regex(_HOST, fullmatch=True), st.ip_addresses().map(str)),
    "uuid": lambda: st.uuids().map(str),
    "tuuid": lambda: st.uuids().map(lambda found: found.hex),
    "ulid": _regex("[0-7][0-9A-HJKMNP-TV-Z]{25}"),
    "ip_with_prefixlen": _prefixed(None, strict=False),
    "ipv4_with_prefixlen": _prefixed(4, strict=False),
    "ipv6_with_prefixlen": _prefixed(6, strict=False),
    "ip_prefix": _prefixed(None, strict=True),
    "ipv4_prefix": _prefixed(4, strict=True),
    "ipv6_prefix": _prefixed(6, strict=True),
    "host_and_port": _regex(rf"{_HOST}:[1-9][0-9]{{0,3}}"),
    "protobuf_fqn": _regex(_NAME),
    "protobuf_dot_fqn": _regex(rf"\.{_NAME}"),
    "header_name": _regex("[A-Za-z][A-Za-z0-9-]{0,15}"),
    "header_name_loose": _regex("[A-Za-z][A-Za-z0-9-]{0,15}"),
    "header_value": _regex("[ -~]{0,20}"),
    "header_value_loose": _regex("[ -~]{0,20}"),
}
"""By the name in the contract; each a part of what the format allows."""
