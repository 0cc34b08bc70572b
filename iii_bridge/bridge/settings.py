"""Where a bridge connects and as whom: arguments, then environment, then defaults (wire.md 2.7, sdks.md 1.13)."""

from __future__ import annotations

import os
import platform
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata as distribution
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.builtins import WorkerRegistration, WorkerTelemetry, clean_name
from iii_bridge.wire.limits import DEFAULT_URL

__all__ = ["DEFAULT_CONNECT_TIMEOUT", "DEFAULT_HANDLER_THREADS", "DEFAULT_TIMEOUT", "Settings"]

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds a call may take when neither the caller nor the contract says."""
DEFAULT_CONNECT_TIMEOUT: Final = 30.0
"""Seconds the first connection may take."""
DEFAULT_HANDLER_THREADS: Final = 32
"""Blocking handlers that may run at once."""

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile("[\t\x20-\x7e\x80-\xff]*")
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one bridge was asked for, with the gaps filled. Times in seconds."""

    url: str
    worker_name: str
    namespace: str | None
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS, repr=False)  # may hold a token
    timeout: float = DEFAULT_TIMEOUT
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT
    handler_threads: int = DEFAULT_HANDLER_THREADS

    @classmethod
    def resolve(
        cls,
        url: str | None = None,
        *,
        worker_name: str | None = None,
        namespace: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
        handler_threads: int = DEFAULT_HANDLER_THREADS,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Fills the gaps from `environment`, default `os.environ`; a blank variable counts as unset.

        Raises LocalProtocolError for a blank argument, for a number that is not positive and for a header that
        cannot be sent.
        """
        env = os.environ if environment is None else environment
        for name, value in (("url", url), ("worker_name", worker_name), ("namespace", namespace)):
            if value is not None and not value.strip():
                raise LocalProtocolError(f"{name} is blank; name one, or leave it out")
        for name, seconds in (("timeout", timeout), ("connect_timeout", connect_timeout)):
            if not seconds > 0:
                raise LocalProtocolError(f"{name} must be a positive number of seconds, not {seconds!r}")
        if handler_threads < 1:
            raise LocalProtocolError(f"handler_threads must be at least 1, not {handler_threads!r}")
        return cls(
            url=url or _variable(env, "III_URL") or DEFAULT_URL,
            worker_name=clean_name(worker_name or _variable(env, "III_WORKER_NAME") or "") or _process_name(),
            namespace=namespace or _variable(env, "III_NAMESPACE"),
            headers=_with_token(headers or {}, _variable(env, "III_TOKEN")),
            timeout=timeout,
            connect_timeout=connect_timeout,
            handler_threads=handler_threads,
        )

    def registration(self, *, environment: Mapping[str, str] | None = None) -> WorkerRegistration:
        """What the engine is told of this worker (wire.md 2.3)."""
        env = os.environ if environment is None else environment
        return WorkerRegistration(
            runtime="python",
            version=_version(),
            name=self.worker_name,
            os=f"{platform.system()} {platform.release()} ({platform.machine()})",
            pid=os.getpid(),
            namespace=self.namespace or UNSET,
            isolation=_variable(env, "III_ISOLATION") or UNSET,
            telemetry=WorkerTelemetry(language="python", framework="iii-bridge"),
        )


def _version() -> str:
    try:
        return distribution.version("iii-bridge")
    except distribution.PackageNotFoundError:  # imported from a source tree that was never installed
        return "0+unknown"


def _variable(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name, "")
    return value if value.strip() else None


def _process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _with_token(headers: Mapping[str, str], token: str | None) -> Mapping[str, str]:
    """The token is used unless the caller chose an Authorization header (sdks.md 1.1)."""
    if token is not None and not any(name.lower() == "authorization" for name in headers):
        headers = {**headers, "Authorization": f"Bearer {token.strip()}"}  # read from a file, it may end in a newline
    for name, value in headers.items():
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise LocalProtocolError(f"header {name!r} cannot be sent; leave out line breaks and all but latin-1 text")
    return MappingProxyType(dict(headers))
