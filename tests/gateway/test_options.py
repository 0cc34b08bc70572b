"""What a gateway is told, in the words of gRPC's core."""

from __future__ import annotations

from pathlib import Path

import pytest

from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway import GatewayOptions, Tls


def test_times_and_sizes_reach_the_core() -> None:
    plain = dict(GatewayOptions().channel_arguments())
    assert plain["grpc.max_receive_message_length"] == 4 * 1024 * 1024
    assert plain["grpc.so_reuseport"] == 0
    assert "grpc.max_connection_age_ms" not in plain
    aged = dict(GatewayOptions(max_connection_age=1.5, max_connection_idle=1e9, reuse_port=True).channel_arguments())
    assert aged["grpc.max_connection_age_ms"] == 1500
    assert aged["grpc.max_connection_idle_ms"] == 2**31 - 1
    assert aged["grpc.so_reuseport"] == 1


@pytest.mark.parametrize("wrong", [{"max_calls": 0}, {"keepalive": -1}, {"max_connection_age": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(LocalProtocolError, match=next(iter(wrong))):
        GatewayOptions(**wrong)  # type: ignore[arg-type]


def test_keys_are_not_shown(tmp_path: Path) -> None:
    for name in ("cert", "key", "ca"):
        (tmp_path / name).write_text(f"the {name}")
    tls = Tls.read(tmp_path / "cert", tmp_path / "key", tmp_path / "ca")
    assert (tls.key, tls.client_ca) == (b"the key", b"the ca")
    assert "the key" not in repr(GatewayOptions(tls=tls))
