"""Functions that the engine invokes over HTTP (wire.md 9): what may be called, and how. The one user of httpx."""

from __future__ import annotations

import asyncio
import base64
import fnmatch
import hashlib
import hmac
import ipaddress
import os
import socket
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import BuiltinFailure
from iii_bridge.protocol.engine_state import FunctionEntry
from iii_bridge.wire.limits import MAX_MESSAGE_BYTES
from iii_bridge.wire.messages import ApiKeyAuth, BearerAuth, HmacAuth, HttpInvocation

if TYPE_CHECKING:  # at run time where it is needed: an engine that calls no endpoint starts faster
    import httpx

__all__ = ["HttpFunctions", "HttpSecurity"]

_UNSENDABLE: Final = "its URL or one of its headers is none that can be sent"
_DEFAULT_TIMEOUT: Final = 30.0
_MOST_TIMEOUT: Final = 60.0
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_DOCUMENTATION: Final = tuple(
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
_PRIVATE: Final = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_UNIQUE_LOCAL: Final = ipaddress.ip_network("fc00::/7")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSecurity:
    """Which endpoints may be called; checked at registration and again at each call (wire.md 9)."""

    url_allowlist: Sequence[str] = ("*",)
    """Globs, one of which the host has to match."""
    block_private_ips: bool = True
    """False lets loopback and private networks be called: for tests and closed networks."""
    require_https: bool = True


class _Error(msgspec.Struct):
    code: str = "http_error"
    message: str = "HTTP request failed"


class _ErrorAnswer(msgspec.Struct):
    error: _Error


_errors: Final = msgspec.json.Decoder(_ErrorAnswer)
_raw: Final = msgspec.json.Decoder(Raw)


class HttpFunctions:
    """Calls endpoints. Belongs to one event loop; `environment` is where credentials are, default `os.environ`."""

    def __init__(self, security: HttpSecurity = HttpSecurity(), environment: Mapping[str, str] | None = None) -> None:
        self._security = security
        self._environment = os.environ if environment is None else environment
        self._client: httpx.AsyncClient | None = None

    async def problem(self, invocation: HttpInvocation) -> str | None:
        """Why an endpoint cannot be called, as it was registered; None when it can."""
        if (invocation.method or "POST") not in _METHODS:
            return f"method {invocation.method} is none of {', '.join(sorted(_METHODS))}"
        try:
            self._credentials(invocation, b"", "")
            await self._check_url(invocation.url)
        except BuiltinFailure as failure:
            return f"{failure.body.message} [{failure.body.code}]"
        return None

    async def call(self, entry: FunctionEntry, data: Raw) -> Raw | None:
        """Sends the request; the result, or None for an empty answer. Raises BuiltinFailure as wire.md 9 says."""
        import httpx

        invocation = entry.invocation
        if invocation is None:
            raise BuiltinFailure("function_not_invokable", f"{entry.id} names no endpoint")
        await self._check_url(invocation.url)
        timeout = _DEFAULT_TIMEOUT if not invocation.timeout_ms else invocation.timeout_ms / 1000
        request = self._request(entry.id, invocation, bytes(data))
        try:
            async with asyncio.timeout(min(timeout, _MOST_TIMEOUT)):
                response = await self._http().send(request, stream=True)
                try:
                    return _result(response.status_code, await _body(response))
                finally:
                    await response.aclose()
        except httpx.LocalProtocolError as error:  # its text shows the header, which may be a credential
            raise BuiltinFailure("http_request_failed", f"{entry.id}: {_UNSENDABLE}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            problem = str(error) or f"no answer within {timeout:g} s"
            raise BuiltinFailure("http_request_failed", f"{entry.id}: {problem}") from error

    async def close(self) -> None:
        """Closes idle connections."""
        if self._client is not None:
            await self._client.aclose()

    def _http(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            # Redirects count as answers, and no proxy stands between (wire.md 9).
            self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=_MOST_TIMEOUT)
        return self._client

    def _request(self, function_id: str, invocation: HttpInvocation, body: bytes) -> httpx.Request:
        import httpx

        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "x-iii-Function-Path": function_id,
            "x-iii-Invocation-ID": str(uuid.uuid4()),
            "x-iii-Timestamp": stamp,
            **(invocation.headers or {}),
            **self._credentials(invocation, body, stamp),
        }
        try:
            return httpx.Request(invocation.method or "POST", invocation.url, headers=headers, content=body)
        except (httpx.InvalidURL, ValueError, UnicodeError) as error:
            raise BuiltinFailure("http_request_failed", f"{function_id}: {_UNSENDABLE}") from error

    def _credentials(self, invocation: HttpInvocation, body: bytes, stamp: str) -> dict[str, str]:
        auth = invocation.auth
        if isinstance(auth, BearerAuth):
            return {"Authorization": f"Bearer {self._secret(auth.token_key, 'token_not_found')}"}
        if isinstance(auth, ApiKeyAuth):
            return {auth.header: self._secret(auth.value_key, "api_key_not_found")}
        if isinstance(auth, HmacAuth):
            secret = self._secret(auth.secret_key, "secret_not_found").encode()
            signed = b"%s:%s" % (stamp.encode(), base64.b64encode(body))
            return {"x-iii-Signature": f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"}
        return {}

    def _secret(self, name: str, code: str) -> str:
        value = self._environment.get(name)
        if not value:
            raise BuiltinFailure(code, f"environment variable {name} of the engine is not set")
        if not value.isascii() or not value.isprintable():
            text = f"environment variable {name} of the engine holds what no header can, a line break perhaps"
            raise BuiltinFailure(code, text)
        return value

    async def _check_url(self, url: str) -> None:
        def refuse(problem: str) -> BuiltinFailure:
            return BuiltinFailure("url_validation_failed", problem)

        security = self._security
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise refuse("Invalid URL") from None
        if parts.scheme not in ("http", "https") or not host:
            raise refuse("Invalid URL")
        if security.require_https and parts.scheme != "https":
            raise refuse("HTTPS is required")
        if not any(fnmatch.fnmatchcase(host, pattern.lower()) for pattern in security.url_allowlist):
            raise refuse("URL not in allowlist")
        if not security.block_private_ips:
            return
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
        except OSError:
            raise refuse("DNS lookup failed") from None
        if not found or any(_is_private(str(address[0])) for *_, address in found):
            raise refuse("Private IP blocked")


async def _body(response: httpx.Response) -> bytes:
    import httpx

    body = bytearray()
    try:
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_MESSAGE_BYTES:  # unpacked: a small answer may be a large one in disguise
                raise BuiltinFailure("http_response_failed", f"the answer has more than {MAX_MESSAGE_BYTES} bytes")
        return bytes(body)
    except httpx.HTTPError as error:
        raise BuiltinFailure("http_response_failed", f"the answer broke off: {error}") from error


def _result(status: int, body: bytes) -> Raw | None:
    """Redirects count as success, whatever they lead to (wire.md 13.38)."""
    if status >= 400:
        try:
            error = _errors.decode(body).error
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            error = _Error(message=f"HTTP {status}")
        raise BuiltinFailure(error.code, error.message)
    if not body.strip():
        return None
    try:
        body.decode()
        return _raw.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        if 200 <= status < 300:
            raise BuiltinFailure("invalid_response", "the answer is not JSON") from None
        return None


def _is_private(text: str) -> bool:
    """As wire.md 9 lists them; an IPv4-mapped address is judged as IPv4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            plain = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
            return plain or address in _UNIQUE_LOCAL
        address = address.ipv4_mapped
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return True
    broadcast = address == ipaddress.IPv4Address("255.255.255.255")
    return broadcast or any(address in network for network in (*_PRIVATE, *_DOCUMENTATION))
