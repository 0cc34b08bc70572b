"""A Rust worker behind a gateway, as a gRPC client meets it."""

from __future__ import annotations

import grpc

from tests.contract.bus import Bus
from tests.gateway.languages import failures_of, objects_in
from tests.gateway.support import rich
from tests.rust.conftest import WORKER


def test_a_status_arrives_with_its_details(bus: Bus) -> None:
    with failures_of(bus, WORKER / "proto", "desk.v1.DeskService/Fail") as failure:
        found = failure(order_id="status")
        assert (found.code(), found.details()) == (grpc.StatusCode.NOT_FOUND, "no such order")
        assert objects_in(found) == [{"@type": "desk/hint", "order": "17"}]
        assert "iii-status" not in str(found.trailing_metadata())
        broken = failure(order_id="violation")
        assert broken.code() is grpc.StatusCode.INTERNAL
        assert [detail.type_url for detail in rich(broken).details] == ["type.googleapis.com/google.rpc.ErrorInfo"]
