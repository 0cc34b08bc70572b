"""How messages with hidden fields show themselves."""

from __future__ import annotations

from iii_bridge.contract.redaction import redacted_repr
from tests.contract_layer.contracts import rules


def test_hidden_fields_are_named_and_their_contents_are_not() -> None:
    secret, box = rules().cls("rules.v1.Secret"), rules().cls("rules.v1.Box")
    message = secret(tokens={"hunter2": 1}, box=box(number=2))
    assert redacted_repr(message, ("tokens",)) == "Secret(tokens=<redacted>, box=Box(number=2))"
    assert redacted_repr(message, ("tokens", "box")) == "Secret(tokens=<redacted>, box=<redacted>)"


def test_fields_at_their_default_are_left_out() -> None:
    secret = rules().cls("rules.v1.Secret")
    assert redacted_repr(secret(), ("tokens", "box")) == "Secret()"
    assert redacted_repr(secret(), ()) == repr(secret())
