"""A TypeScript worker behind a gateway, as a gRPC client meets it."""

from __future__ import annotations

import grpc

from tests.contract.bus import Bus
from tests.gateway.languages import failures_of, objects_in
from tests.gateway.support import rich
from tests.typescript.project import HERE


def test_a_status_arrives_with_its_details(bus: Bus) -> None:
    with failures_of(bus, HERE / "proto", "lab.v1.LabService/Act") as failure:
        found = failure(what="status", **{"with": "why not"})
        assert (found.code(), found.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "not now")
        assert objects_in(found) == [{"@type": "lab", "why": "why not"}]
        assert "iii-status" not in str(found.trailing_metadata())
        broken = failure(what="out of range")
        assert broken.code() is grpc.StatusCode.INTERNAL
        assert [detail.type_url for detail in rich(broken).details] == ["type.googleapis.com/google.rpc.ErrorInfo"]
