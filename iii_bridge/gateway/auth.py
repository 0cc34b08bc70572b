"""Who calls: a hook that lets calls in or not, and what is known of the other end of a TLS connection."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from iii_bridge.errors import LocalProtocolError, StatusError
from iii_bridge.gateway.metadata import Pairs
from iii_bridge.status import StatusCode
from iii_bridge.types import Json

__all__ = ["Authenticator", "BearerTokens", "IncomingCall", "PeerIdentity", "identity_of"]

COMMON_NAME: Final = "iii-peer-common-name"
NAMES: Final = "iii-peer-names"
IDENTITY: Final = "iii-identity"


@dataclass(frozen=True, slots=True)
class PeerIdentity:
    """What the client's certificate says, which an authority of ours has signed."""

    common_name: str
    names: tuple[str, ...]
    """Subject alternative names: hosts, addresses, URIs such as `spiffe://…`."""

    def as_metadata(self) -> dict[str, Json]:
        """What handlers see of it; no client can send these names itself."""
        return {COMMON_NAME: self.common_name, NAMES: list(self.names)}


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """What the hook decides on."""

    method: str
    """`shop.orders.v1.OrdersService/Place`."""
    metadata: Pairs
    """Everything the client sent, credentials included."""
    peer: str
    """The address of the other end, as gRPC writes it."""
    identity: PeerIdentity | None
    """With mutual TLS."""

    def value(self, name: str) -> str | bytes | None:
        """The first value of a name in lower case."""
        return next((value for key, value in self.metadata if key == name), None)


Authenticator = Callable[[IncomingCall], Awaitable[Mapping[str, Json] | None]]
"""Returns what is to be added to the invocation's metadata; refuses a call by raising StatusError."""


class BearerTokens:
    """An Authenticator: `authorization: Bearer …` must be one of these tokens; handlers see its owner's name."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        """Names by token. Raises LocalProtocolError for an empty token, or none at all."""
        if not tokens or not all(token.strip() for token in tokens):
            raise LocalProtocolError("a gateway with bearer tokens needs at least one, and none may be empty")
        self._tokens = [(token.encode(), name) for token, name in tokens.items()]

    def __repr__(self) -> str:
        return f"<BearerTokens of {len(self._tokens)}>"

    async def __call__(self, call: IncomingCall, /) -> Mapping[str, Json]:
        """Raises StatusError, UNAUTHENTICATED, for a token that is missing or unknown."""
        given = call.value("authorization")
        kind, _, token = given.partition(" ") if isinstance(given, str) else ("", "", "")
        name = self._owner(token.strip().encode()) if kind.lower() == "bearer" else None
        if name is None:
            raise StatusError(StatusCode.UNAUTHENTICATED, "a bearer token is missing or not known here")
        return {IDENTITY: name}

    def _owner(self, given: bytes) -> str | None:
        """Compares with every token, in a time that tells nothing."""
        found = [name for token, name in self._tokens if hmac.compare_digest(token, given)]
        return found[0] if found else None


def identity_of(auth_context: Mapping[str, Iterable[bytes]] | Any) -> PeerIdentity | None:
    """From what gRPC knows of a connection; None without a client certificate."""
    common = _texts(auth_context.get("x509_common_name"))
    names = _texts(auth_context.get("x509_subject_alternative_name"))
    if not common and not names:
        return None
    return PeerIdentity(common[0] if common else "", tuple(names))


def _texts(values: Iterable[bytes] | None) -> list[str]:
    return [value.decode(errors="replace") for value in values or ()]
