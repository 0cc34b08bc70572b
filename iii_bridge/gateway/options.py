"""What a gateway is told: where it listens, what it lets in and how long it keeps it. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc

from iii_bridge.errors import LocalProtocolError

__all__ = ["DEFAULT_LISTEN", "DEFAULT_MAX_CALLS", "DEFAULT_MAX_MESSAGE", "GatewayOptions", "Tls"]

DEFAULT_LISTEN: Final = "127.0.0.1:50051"
"""Where a gateway listens unless it is told otherwise: this machine only."""
DEFAULT_MAX_MESSAGE: Final = 4 * 1024 * 1024
"""Bytes of a request message, as gRPC servers have it."""
DEFAULT_MAX_CALLS: Final = 1000
"""Calls under way at once."""

_MAX_METADATA: Final = 16 * 1024
_FURTHER_STREAMS: Final = 1000  # of one connection: far beyond what is let in, so that what is too much is told so


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM texts. With `client_ca`, clients must show a certificate that one of these authorities has signed."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None = None

    @classmethod
    def read(cls, certificate: Path, key: Path, client_ca: Path | None = None) -> Tls:
        """From files. Raises OSError."""
        return cls(
            certificate=certificate.read_bytes(),
            key=key.read_bytes(),
            client_ca=None if client_ca is None else client_ca.read_bytes(),
        )

    def credentials(self) -> grpc.ServerCredentials:
        """What the listener takes."""
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)],
            root_certificates=self.client_ca,
            require_client_auth=self.client_ca is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """How a gateway behaves. Raises LocalProtocolError for numbers that make no sense."""

    listen: str = DEFAULT_LISTEN
    """`host:port`; port 0 takes a free one, `unix:/path` a socket of the file system."""
    tls: Tls | None = None
    forward_metadata: tuple[str, ...] = ("*",)
    """Which request metadata handlers see, as patterns of names; credentials only where a pattern is their name."""
    namespace: str | None = None
    """Where functions are looked up; None: the connection's namespace."""
    max_message_bytes: int = DEFAULT_MAX_MESSAGE
    """Of a request message, after it was decompressed; larger ones are RESOURCE_EXHAUSTED."""
    max_calls: int = DEFAULT_MAX_CALLS
    """Calls under way at once; the next one is RESOURCE_EXHAUSTED, with a time to come back."""
    compress: bool = False
    """Whether responses are compressed with gzip for clients that take it; requests may always be."""
    keepalive: float = 60.0
    """A silent connection is asked after so long whether its client is still there."""
    keepalive_timeout: float = 20.0
    """It is closed when no answer comes within this."""
    min_ping_interval: float = 5.0
    """A client that pings more often than this is sent away."""
    max_connection_age: float | None = None
    """A connection is ended in order after so long, so that clients spread anew over several gateways."""
    max_connection_age_grace: float = 30.0
    """What calls have then to finish."""
    max_connection_idle: float | None = None
    """A connection without calls is ended after so long."""
    health_interval: float = 2.0
    """How often the catalogue is asked which functions are registered."""
    lame_duck: float = 0.0
    """How long a gateway that was told to stop says NOT_SERVING and still takes calls: for load balancers."""
    reflection: bool = True
    """Whether contracts are told to whoever asks."""
    reuse_port: bool = False
    """Whether a second gateway may listen at the same port, for a restart without a gap."""

    def __post_init__(self) -> None:
        for name in ("max_message_bytes", "max_calls", "keepalive", "keepalive_timeout", "health_interval"):
            if not getattr(self, name) > 0:
                raise LocalProtocolError(f"{name} of a gateway must be positive, not {getattr(self, name)!r}")
        for name in ("max_connection_age", "max_connection_idle"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise LocalProtocolError(f"{name} of a gateway must be positive seconds, not {value!r}")

    def channel_arguments(self) -> list[tuple[str, int]]:
        """The same in the words of gRPC's core."""
        streams = 10 * self.max_calls + _FURTHER_STREAMS
        arguments = {
            "grpc.max_receive_message_length": self.max_message_bytes,
            "grpc.max_send_message_length": -1,  # the engine's frames are limited already
            "grpc.max_concurrent_streams": streams,
            "grpc.server.max_pending_requests": streams,  # what waits beyond that is CANCELLED, by the core
            "grpc.server.max_pending_requests_hard_limit": streams,
            "grpc.max_metadata_size": _MAX_METADATA,
            "grpc.absolute_max_metadata_size": _MAX_METADATA,
            "grpc.keepalive_time_ms": _milliseconds(self.keepalive),
            "grpc.keepalive_timeout_ms": _milliseconds(self.keepalive_timeout),
            "grpc.http2.ping_timeout_ms": _milliseconds(self.keepalive_timeout),
            "grpc.keepalive_permit_without_calls": 1,
            "grpc.http2.min_recv_ping_interval_without_data_ms": _milliseconds(self.min_ping_interval),
            "grpc.so_reuseport": int(self.reuse_port),
        }
        if self.max_connection_age is not None:
            arguments["grpc.max_connection_age_ms"] = _milliseconds(self.max_connection_age)
            arguments["grpc.max_connection_age_grace_ms"] = _milliseconds(self.max_connection_age_grace)
        if self.max_connection_idle is not None:
            arguments["grpc.max_connection_idle_ms"] = _milliseconds(self.max_connection_idle)
        return list(arguments.items())


def _milliseconds(seconds: float) -> int:
    return max(1, min(round(seconds * 1000), 2**31 - 1))
