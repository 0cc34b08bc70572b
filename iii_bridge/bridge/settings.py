"""Where a bridge connects and as whom: arguments, then environment, then defaults (wire.md 2.7, sdks.md 1.13)."""

from __future__ import annotations

import os
import platform
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata as distribution
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, Unpack

from msgspec import UNSET

from iii_bridge.bridge.retries import DEFAULT_RETRY, Retry
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.backoff import Backoff
from iii_bridge.protocol.builtins import WorkerRegistration, WorkerTelemetry, clean_name
from iii_bridge.protocol.liveness import DEFAULT_INTERVAL
from iii_bridge.protocol.worker import DEFAULT_BACKLOG
from iii_bridge.wire.limits import DEFAULT_URL

if TYPE_CHECKING:
    from iii_bridge.otel import OpenTelemetry

__all__ = [
    "DEFAULT_CONNECT_TIMEOUT",
    "DEFAULT_HANDLER_THREADS",
    "DEFAULT_TIMEOUT",
    "ConnectOptions",
    "Reconnect",
    "Settings",
    "Telemetry",
    "Verify",
]

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
class Reconnect:
    """How a bridge gets back to an engine that went away. The defaults are the SDKs' (wire.md 2.7)."""

    initial: float = 1.0
    """Seconds before the second attempt; the first is made at once."""
    factor: float = 2.0
    limit: float = 30.0
    """Seconds that no pause exceeds, jitter aside."""
    jitter: float = 0.3
    """A pause lies within this fraction above or below its nominal length."""
    attempts: int | None = None
    """How many attempts in a row may fail before the bridge ends with ConnectionLostError; None: any number."""

    def backoff(self) -> Backoff:
        """The pauses between attempts."""
        return Backoff(self.initial, self.factor, self.limit, self.jitter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What the engine's catalogue says of the program behind a worker (wire.md 2.3)."""

    project_name: str = ""
    framework: str = "iii-bridge"
    language: str = "python"


Verify = Literal["off", "warn", "error"]
"""What happens when the live catalogue disagrees with a contract: nothing, a warning in the log, ContractMismatch."""


class ConnectOptions(TypedDict, total=False):
    """What `connect`, `connect_sync` and `run` take besides the url. Times in seconds."""

    worker_name: str | None
    """Default `$III_WORKER_NAME`, else host and process id. Belongs to one live worker at a time."""
    description: str | None
    """What the engine's catalogue says of this worker."""
    namespace: str | None
    """Default `$III_NAMESPACE`, else none, which is `default`."""
    headers: Mapping[str, str] | None
    """Sent with the handshake. `$III_TOKEN` becomes a bearer token unless an Authorization is among them."""
    tls: ssl.SSLContext | None
    """For a wss:// url: authorities and certificates of your own; default the system's authorities."""
    timeout: float
    """Of every call for which neither the caller nor the contract says; default 30."""
    connect_timeout: float
    """How long the engine may be away at first; default 30. Afterwards `reconnect` says."""
    heartbeat: float
    """How often the connection is looked at, default 20; three times without a sign of life, and it is given up."""
    reconnect: Reconnect
    """Pauses between attempts to get back, and how many there may be; default any number."""
    backlog: int
    """Calls that may wait for a connection or for room on it, default 10,000; the next is refused, none is dropped."""
    retry: Retry
    """How calls are repeated that the contract allows to be repeated."""
    opentelemetry: OpenTelemetry | bool
    """Spans and metrics, with the global providers or others; needs the extra `otel`. Default False."""
    ship_logs: int | None
    """The level from which log records of this process go to the engine's log, `logging.INFO` for instance."""
    telemetry: Telemetry
    """Language, framework and project, for the engine's catalogue."""
    handler_threads: int
    """Blocking handlers that may run at once, default 32. One that calls another of them holds its thread meanwhile."""
    verify: Verify
    """What happens when the live catalogue disagrees with the contract of a method that is called or served.

    `off`, the default, `warn` in the log, or `error`: ContractMismatch.
    """
    concurrency: int | None
    """Handlers that may run at once, of all kinds; the others wait, within their deadlines. Default any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one bridge was asked for, with the gaps filled. Times in seconds."""

    url: str
    worker_name: str
    namespace: str | None
    description: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS, repr=False)  # may hold a token
    tls: ssl.SSLContext | None = None
    timeout: float = DEFAULT_TIMEOUT
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT
    heartbeat: float = DEFAULT_INTERVAL
    reconnect: Reconnect = Reconnect()
    backlog: int = DEFAULT_BACKLOG
    retry: Retry = DEFAULT_RETRY
    opentelemetry: OpenTelemetry | bool = False
    ship_logs: int | None = None
    telemetry: Telemetry = Telemetry()
    handler_threads: int = DEFAULT_HANDLER_THREADS
    verify: Verify = "off"
    concurrency: int | None = None

    @classmethod
    def resolve(
        cls,
        url: str | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        **options: Unpack[ConnectOptions],
    ) -> Settings:
        """Fills the gaps from `environment`, default `os.environ`; a blank variable counts as unset.

        Raises LocalProtocolError for a blank argument, for a number that is not positive and for a header that
        cannot be sent.
        """
        env = os.environ if environment is None else environment
        given: dict[str, Any] = {"url": url, **options}
        for name in ("url", "worker_name", "namespace"):
            value = given.pop(name, None)
            if value is not None and not value.strip():
                raise LocalProtocolError(f"{name} is blank; name one, or leave it out")
        for name in ("timeout", "connect_timeout", "heartbeat"):
            if not given.get(name, 1) > 0:
                raise LocalProtocolError(f"{name} must be a positive number of seconds, not {given[name]!r}")
        for name in ("handler_threads", "concurrency", "backlog"):
            number = given.get(name)
            if number is not None and number < 1:
                raise LocalProtocolError(f"{name} must be at least 1, not {number!r}")
        if given.get("verify", "off") not in ("off", "warn", "error"):
            raise LocalProtocolError(f"verify is {given['verify']!r}; write off, warn or error")
        headers: Mapping[str, str] = given.pop("headers", None) or {}
        description = given.pop("description", None) or ""
        return cls(
            url=url or _variable(env, "III_URL") or DEFAULT_URL,
            worker_name=_worker_name(options.get("worker_name"), env),
            namespace=options.get("namespace") or _variable(env, "III_NAMESPACE"),
            description=clean_name(description),
            headers=_with_token(headers, _variable(env, "III_TOKEN")),
            **given,
        )

    def tracing(self) -> OpenTelemetry | None:
        """What was asked for. Raises LocalProtocolError when the package is not installed."""
        if isinstance(self.opentelemetry, bool):
            if not self.opentelemetry:
                return None
            try:
                from iii_bridge.otel import OpenTelemetry
            except ModuleNotFoundError as error:
                problem = "opentelemetry=True needs opentelemetry-api; install it with: pip install 'iii-bridge[otel]'"
                raise LocalProtocolError(problem) from error
            return OpenTelemetry()
        return self.opentelemetry

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
            description=self.description or UNSET,
            isolation=_variable(env, "III_ISOLATION") or UNSET,
            telemetry=WorkerTelemetry(
                language=self.telemetry.language,
                framework=self.telemetry.framework,
                project_name=self.telemetry.project_name,
            ),
        )


def _version() -> str:
    try:
        return distribution.version("iii-bridge")
    except distribution.PackageNotFoundError:  # imported from a source tree that was never installed
        return "0+unknown"


def _variable(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name, "")
    return value if value.strip() else None


def _worker_name(given: str | None, environment: Mapping[str, str]) -> str:
    return clean_name(given or _variable(environment, "III_WORKER_NAME") or "") or _process_name()


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
