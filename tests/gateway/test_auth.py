"""Who is let in."""

from __future__ import annotations

import asyncio

import pytest

from iii_bridge.errors import LocalProtocolError, StatusError
from iii_bridge.gateway import BearerTokens, IncomingCall, PeerIdentity
from iii_bridge.gateway.auth import identity_of
from iii_bridge.status import StatusCode


def call(*authorization: str | bytes) -> IncomingCall:
    return IncomingCall("a.v1.S/M", [("authorization", value) for value in authorization], "ipv4:1.2.3.4:5", None)


def test_a_known_token_names_its_owner() -> None:
    tokens = BearerTokens({"s3cret": "ann", "other": "bob"})
    assert asyncio.run(tokens(call("Bearer s3cret"))) == {"iii-identity": "ann"}
    assert asyncio.run(tokens(call("bearer  other"))) == {"iii-identity": "bob"}
    assert "s3cret" not in repr(tokens)


@pytest.mark.parametrize(
    "given", [(), ("Bearer",), ("Bearer ",), ("Basic s3cret",), ("Bearer S3CRET",), (b"Bearer s3cret",)]
)
def test_anything_else_is_unauthenticated(given: tuple[str | bytes, ...]) -> None:
    with pytest.raises(StatusError) as caught:
        asyncio.run(BearerTokens({"s3cret": "ann"})(call(*given)))
    assert caught.value.status is StatusCode.UNAUTHENTICATED


def test_tokens_must_be_tokens() -> None:
    for wrong in ({}, {" ": "ann"}):
        with pytest.raises(LocalProtocolError, match="at least one"):
            BearerTokens(wrong)


def test_a_certificate_is_an_identity() -> None:
    context = {"x509_common_name": [b"ann"], "x509_subject_alternative_name": [b"spiffe://a/b", b"host"]}
    found = identity_of(context)
    assert found == PeerIdentity("ann", ("spiffe://a/b", "host"))
    assert found is not None
    assert found.as_metadata() == {"iii-peer-common-name": "ann", "iii-peer-names": ["spiffe://a/b", "host"]}
    assert identity_of({}) is None
