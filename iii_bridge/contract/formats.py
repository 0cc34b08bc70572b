"""The well-known formats of validation rules, as protovalidate defines them.

Each function answers for one string whether it is of the format; the empty
string never is, except where the standard allows it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from iii_bridge.contract.uris import is_uri, is_uri_reference

__all__ = ["FORMATS", "PHRASES"]

_LABEL: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL: Final = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
"""The definition of HTML, which is what browsers accept."""
_HOST_LABEL: Final = re.compile(_LABEL)
_HOST_LIMIT: Final = 253
_PORT_LIMIT: Final = 65_535
_WIDTHS: Final = {4: 32, 6: 128}


def is_hostname(text: str) -> bool:
    """A name of letters, digits and hyphens; a dot may end it, and its last label is no number."""
    if len(text) > _HOST_LIMIT:
        return False
    labels = text.removesuffix(".").split(".")
    return all(map(_HOST_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def is_ip(text: str, version: int = 0) -> bool:
    """An address of IPv4 or IPv6, the latter perhaps with a zone; `version` asks for one of them."""
    return (version in (0, 4) and _ipv4(text) is not None) or (version in (0, 6) and _ipv6(text, zone=True) is not None)


def _ipv4(text: str) -> int | None:
    try:
        return int(IPv4Address(text))
    except AddressValueError:
        return None


def _ipv6(text: str, zone: bool) -> int | None:
    address, percent, name = text.partition("%")
    if percent and (not zone or not name or "\0" in name):
        return None
    try:
        return int(IPv6Address(address))
    except AddressValueError:
        return None


def is_ip_prefix(text: str, version: int = 0, strict: bool = False) -> bool:
    """An address with the length of a network's prefix; `strict` asks for zeros behind it."""
    address, _, length = text.partition("/")
    if not _is_number(length, 128):
        return False
    for known, value in ((4, _ipv4(address)), (6, _ipv6(address, zone=False))):
        if value is not None and version in (0, known):
            width, bits = _WIDTHS[known], int(length)
            return bits <= width and not (strict and value & ((1 << (width - bits)) - 1))
    return False


def is_host_and_port(text: str) -> bool:
    """A host name, an address of IPv4, or one of IPv6 in brackets; then a colon and a port."""
    if text.startswith("["):
        host, bracket, port = text[1:].rpartition("]")
        return bool(bracket) and is_ip(host, 6) and port.startswith(":") and _is_number(port[1:], _PORT_LIMIT)
    host, colon, port = text.partition(":")
    return bool(colon) and _is_number(port, _PORT_LIMIT) and (is_hostname(host) or is_ip(host, 4))


def _is_number(text: str, most: int) -> bool:
    """Decimal digits without leading zeros."""
    if not text.isascii() or not text.isdigit() or len(text) > 5 or (len(text) > 1 and text[0] == "0"):
        return False
    return int(text) <= most


def _matches(pattern: str) -> Callable[[str], bool]:
    match = re.compile(pattern).fullmatch
    return lambda text: match(text) is not None


_NAME: Final = r"[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*"

FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": is_hostname,
    "ip": is_ip,
    "ipv4": functools.partial(is_ip, version=4),
    "ipv6": functools.partial(is_ip, version=6),
    "uri": is_uri,
    "uri_ref": is_uri_reference,
    "address": lambda text: is_hostname(text) or is_ip(text),
    "uuid": _matches(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
    "tuuid": _matches(r"[0-9a-fA-F]{32}"),
    "ulid": _matches(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}"),
    "ip_with_prefixlen": is_ip_prefix,
    "ipv4_with_prefixlen": functools.partial(is_ip_prefix, version=4),
    "ipv6_with_prefixlen": functools.partial(is_ip_prefix, version=6),
    "ip_prefix": functools.partial(is_ip_prefix, strict=True),
    "ipv4_prefix": functools.partial(is_ip_prefix, version=4, strict=True),
    "ipv6_prefix": functools.partial(is_ip_prefix, version=6, strict=True),
    "host_and_port": is_host_and_port,
    "protobuf_fqn": _matches(_NAME),
    "protobuf_dot_fqn": _matches(rf"\.{_NAME}"),
    "header_name": _matches(r":?[0-9a-zA-Z!#$%&'*+\-.^_|~`,]+"),
    "header_name_loose": _matches(r"[^\x00\n\r]+"),
    "header_value": _matches(r"[^\x00-\x08\n-\x1f\x7f]*"),
    "header_value_loose": _matches(r"[^\x00\n\r]*"),
}
"""By the name in the contract; `header_…` are the two values of `well_known_regex`, strict and not."""

PHRASES: Final[Mapping[str, str]] = {
    "email": "an email address",
    "hostname": "a host name",
    "ip": "an IP address",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "uri": "a URI",
    "uri_ref": "a URI or a relative reference",
    "address": "a host name or an IP address",
    "uuid": "a UUID",
    "tuuid": "a UUID without hyphens",
    "ulid": "a ULID",
    "ip_with_prefixlen": "an IP address with a prefix length",
    "ipv4_with_prefixlen": "an IPv4 address with a prefix length",
    "ipv6_with_prefixlen": "an IPv6 address with a prefix length",
    "ip_prefix": "an IP prefix without host bits",
    "ipv4_prefix": "an IPv4 prefix without host bits",
    "ipv6_prefix": "an IPv6 prefix without host bits",
    "host_and_port": "a host and a port",
    "protobuf_fqn": "a full name of protobuf",
    "protobuf_dot_fqn": "a full name of protobuf with a leading dot",
    "header_name": "the name of an HTTP header",
    "header_name_loose": "the name of an HTTP header",
    "header_value": "the value of an HTTP header",
    "header_value_loose": "the value of an HTTP header",
}
"""What messages call each format."""
