"""URIs as RFC 3986 writes them, with the zones of RFC 6874."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import unquote_to_bytes

__all__ = ["is_uri", "is_uri_reference"]

_UNRESERVED: Final = r"A-Za-z0-9\-._~"
_SUB: Final = "!$&'()*+,;="
_ESCAPE: Final = "%[0-9A-Fa-f]{2}"
_PCHAR: Final = f"(?:[{_UNRESERVED}{_SUB}:@]|{_ESCAPE})"
_SEGMENT_NO_COLON: Final = f"(?:[{_UNRESERVED}{_SUB}@]|{_ESCAPE})+"
_REG_NAME: Final = f"(?:[{_UNRESERVED}{_SUB}]|{_ESCAPE})*"
_USER: Final = f"(?:[{_UNRESERVED}{_SUB}:]|{_ESCAPE})*"
_FUTURE: Final = rf"v[0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB}:]+"
_ADDRESS: Final = rf"(?P<v6>[0-9A-Fa-f:.]+)(?:%25(?P<zone>(?:[{_UNRESERVED}]|{_ESCAPE})+))?"
_AUTHORITY: Final = rf"(?:{_USER}@)?(?:\[(?:{_FUTURE}|{_ADDRESS})\]|(?P<name>{_REG_NAME}))(?::[0-9]*)?"
_REST: Final = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:\#(?:{_PCHAR}|[/?])*)?"

_ABSOLUTE: Final = f"/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
_HIERARCHY: Final = f"(?://{_AUTHORITY}(?:/{_PCHAR}*)*|{_ABSOLUTE}|{_PCHAR}+(?:/{_PCHAR}*)*|)"
_RELATIVE: Final = f"(?://{_AUTHORITY}(?:/{_PCHAR}*)*|{_ABSOLUTE}|{_SEGMENT_NO_COLON}(?:/{_PCHAR}*)*|)"

_URI: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*:{_HIERARCHY}{_REST}")
_REFERENCE: Final = re.compile(f"{_RELATIVE}{_REST}")


def is_uri(text: str) -> bool:
    """A URI, with its scheme."""
    return _fits(_URI.fullmatch(text))


def is_uri_reference(text: str) -> bool:
    """A URI or a relative reference; the empty string is one."""
    return is_uri(text) or _fits(_REFERENCE.fullmatch(text))


def _fits(found: re.Match[str] | None) -> bool:
    """What no pattern says: whether the address is one, and whether escapes in names are UTF-8."""
    if found is None:
        return False
    address, zone, name = found["v6"], found["zone"], found["name"]
    return (address is None or _is_ipv6(address)) and _is_utf8(zone) and _is_utf8(name)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _is_utf8(escaped: str | None) -> bool:
    if not escaped or "%" not in escaped:
        return True
    try:
        unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        return False
    return True
