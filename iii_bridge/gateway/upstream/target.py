"""Which gRPC server, and how its connections are made. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio

from iii_bridge.errors import LocalProtocolError

__all__ = ["DEFAULT_MAX_MESSAGE", "Target", "UpstreamTls"]

DEFAULT_MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes of a response message; the engine's frames hold 64 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamTls:
    """PEM texts. Without `ca` the authorities that gRPC brings decide; `certificate` is shown to a server that asks."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def read(cls, ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> UpstreamTls:
        """From files. Raises OSError, and LocalProtocolError for a certificate without its key."""
        if (certificate is None) != (key is None):
            raise LocalProtocolError("a client certificate and its key go together; name both, or neither")
        return cls(ca=_read(ca), certificate=_read(certificate), key=_read(key))

    def credentials(self) -> grpc.ChannelCredentials:
        """What the channel takes."""
        return grpc.ssl_channel_credentials(self.ca, self.key, self.certificate)


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


@dataclass(frozen=True, slots=True)
class Target:
    """A gRPC server. Raises LocalProtocolError for numbers that make no sense."""

    address: str
    """`host:port`, `unix:/path`, or any other name that gRPC resolves."""
    tls: UpstreamTls | None = None
    authority: str | None = None
    """The name its certificate is held to, where that is not the address's."""
    max_message_bytes: int = DEFAULT_MAX_MESSAGE
    keepalive: float = 60.0
    """A silent connection is asked after so long whether the server is still there."""
    keepalive_timeout: float = 20.0

    def __post_init__(self) -> None:
        for name in ("max_message_bytes", "keepalive", "keepalive_timeout"):
            if not getattr(self, name) > 0:
                raise LocalProtocolError(f"{name} of a target must be positive, not {getattr(self, name)!r}")

    def channel(self) -> grpc.aio.Channel:
        """A channel, which connects when it is used and again whenever it has to."""
        options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", self.max_message_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.keepalive_time_ms", round(self.keepalive * 1000)),
            ("grpc.keepalive_timeout_ms", round(self.keepalive_timeout * 1000)),
            ("grpc.enable_retries", 0),  # what is repeated is the caller's to say, by the contract
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 5000),
        ]
        if self.authority is not None:
            options.append(("grpc.default_authority", self.authority))
            options.append(("grpc.ssl_target_name_override", self.authority))
        if self.tls is None:
            return grpc.aio.insecure_channel(self.address, options=options)
        return grpc.aio.secure_channel(self.address, self.tls.credentials(), options=options)
