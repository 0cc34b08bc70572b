"""Rules of strings as keywords."""

from __future__ import annotations

import re
from typing import Any, Final

from iii_bridge.contract.re2_text import ecma_pattern
from iii_bridge.contract.rules import StringRules
from iii_codegen.emit.jsonschema.values import Shape

__all__ = ["text_rules"]

_LABEL: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_IPV6: Final = "[0-9a-fA-F:.]*:[0-9a-fA-F:.]*"
_ZONE: Final = r"(?:%[\s\S]+)?"
_NAME: Final = r"[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*"
_LENGTH: Final = "[0-9]{1,3}"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})*\.?"

_FORMATS: Final = {
    "email": rf"[a-zA-Z0-9.!#$%&'*+\/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*",
    "hostname": _HOST,
    "ip": f"{_IPV4}|{_IPV6}{_ZONE}",
    "ipv4": _IPV4,
    "ipv6": f"{_IPV6}{_ZONE}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]*",
    "uri_ref": r"[^\s]*",
    "address": rf"{_HOST}|{_IPV6}{_ZONE}",
    "uuid": "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "tuuid": "[0-9a-fA-F]{32}",
    "ulid": "[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}",
    "ip_with_prefixlen": rf"(?:{_IPV4}|{_IPV6})\/{_LENGTH}",
    "ipv4_with_prefixlen": rf"{_IPV4}\/{_LENGTH}",
    "ipv6_with_prefixlen": rf"{_IPV6}\/{_LENGTH}",
    "ip_prefix": rf"(?:{_IPV4}|{_IPV6})\/{_LENGTH}",
    "ipv4_prefix": rf"{_IPV4}\/{_LENGTH}",
    "ipv6_prefix": rf"{_IPV6}\/{_LENGTH}",
    "host_and_port": rf"(?:{_HOST}|\[{_IPV6}{_ZONE}\]):[0-9]{{1,5}}",
    "protobuf_fqn": _NAME,
    "protobuf_dot_fqn": rf"\.{_NAME}",
    "header_name": r":?[0-9a-zA-Z!#$%&'*+.^_|~`,-]+",
    "header_name_loose": r"[^\u0000\n\r]+",
    "header_value": r"[^\u0000-\u0008\n-\u001f\u007f]*",
    "header_value_loose": r"[^\u0000\n\r]*",
}
"""As much of each format as a plain expression says; whatever is of the format matches."""


def text_rules(shape: Shape, rules: StringRules) -> Shape:
    """The schema of a string, or of the names of a map."""
    result = dict(shape)
    lengths = (rules.length, rules.bytes_length)
    # A character is one byte to four.
    least = max(rules.length.least or 0, -(-(rules.bytes_length.least or 0) // 4))
    most = min((size.most for size in lengths if size.most is not None), default=None)
    if least:
        result["minLength"] = least
    if most is not None:
        result["maxLength"] = most
    listed = [rules.const] if rules.const is not None else [*rules.one_of]
    if listed:
        result["enum"] = [*dict.fromkeys(listed)]
    patterns = _patterns(rules)
    if patterns:
        result["pattern"] = patterns[0]
    if len(patterns) > 1:
        result["allOf"] = [{"pattern": pattern} for pattern in patterns[1:]]
    refused = _refused(rules)
    if refused:
        result["not"] = refused[0] if len(refused) == 1 else {"anyOf": refused}
    return result


def _patterns(rules: StringRules) -> list[str]:
    found: list[str] = []
    if rules.pattern is not None:
        written = ecma_pattern(rules.pattern)
        found += [written] if written is not None else []
    if rules.prefix:
        found.append(f"^{_literal(rules.prefix)}")
    if rules.suffix:
        found.append(f"{_literal(rules.suffix)}$")
    if rules.contains:
        found.append(_literal(rules.contains))
    if rules.format:
        found.append(f"^(?:{_FORMATS[rules.format]})$")
    return found


def _refused(rules: StringRules) -> list[Any]:
    found: list[Any] = []
    if rules.none_of:
        found.append({"enum": [*dict.fromkeys(rules.none_of)]})
    if rules.not_contains:
        found.append({"pattern": _literal(rules.not_contains)})
    return found


def _literal(text: str) -> str:
    r"""Characters that mean something are escaped; those that cannot be seen are \u and four digits."""
    escaped = re.sub(r"[\\^$.|?*+()\[\]{}/]", r"\\\g<0>", text)
    return "".join(char if char.isprintable() or ord(char) > 0xFFFF else f"\\u{ord(char):04x}" for char in escaped)
