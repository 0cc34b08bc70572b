"""JSON profiles from the contract to the wire and into the schemas: function, else service, else file, else default."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.bridge.contracts import profiles
from tests.bridge.support import bench, run_really

LARGE = 1

WRITTEN: dict[str, Any] = {
    # names of the contract, integers as numbers, enums by name, defaults written
    "parcels::weigh": {
        "parcel_id": "p-1",
        "total_weight": 5,
        "size": "SIZE_LARGE",
        "inner_parcels": [
            {
                "parcel_id": "",
                "total_weight": 0,
                "size": "SIZE_UNSPECIFIED",
                "inner_parcels": [],
                "counts_by_name": {},
                "sizes_by_name": {},
                "is_fragile": False,
                "fixed_price": 0,
            }
        ],
        "counts_by_name": {"a": 7},
        "sizes_by_name": {"b": "SIZE_LARGE"},
        "is_fragile": False,
    },
    # JSON names, integers as strings, enums by name, defaults left out
    "parcels::pack": {
        "parcelId": "p-1",
        "totalWeight": "5",
        "size": "SIZE_LARGE",
        "innerParcels": [{"fixedPrice": "0"}],
        "countsByName": {"a": "7"},
        "sizesByName": {"b": "SIZE_LARGE"},
    },
    # names of the contract, integers as strings, enums by number, defaults written
    "boxes::weigh": {
        "parcel_id": "p-1",
        "total_weight": "5",
        "size": 1,
        "inner_parcels": [
            {
                "parcel_id": "",
                "total_weight": "0",
                "size": 0,
                "inner_parcels": [],
                "counts_by_name": {},
                "sizes_by_name": {},
                "is_fragile": False,
                "fixed_price": "0",
            }
        ],
        "counts_by_name": {"a": "7"},
        "sizes_by_name": {"b": 1},
        "is_fragile": False,
    },
}
"""One message under each function's profile."""


def parcel() -> Any:
    size = profiles.Size(LARGE)
    return profiles.Parcel(
        parcel_id="p-1",
        total_weight=5,
        size=size,
        inner_parcels=[profiles.Parcel(fixed_price=0)],
        counts_by_name={"a": 7},
        sizes_by_name={"b": size},
    )


class Parcels(profiles.ParcelsService):  # type: ignore[misc]
    async def weigh(self, request: Any, context: Any, /) -> Any:
        assert request == parcel()
        return request

    async def pack(self, request: Any, context: Any, /) -> Any:
        return await self.weigh(request, context)


class Boxes(profiles.BoxesService):  # type: ignore[misc]
    async def weigh(self, request: Any, context: Any, /) -> Any:
        assert request == parcel()
        return request


def test_workers_answer_as_the_profile_says_whatever_they_are_sent() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            await worker.serve(Parcels())
            await worker.serve(Boxes())
            for function_id, written in WRITTEN.items():
                for spelled in WRITTEN.values():  # every profile reads every other's spelling
                    assert await caller.call(function_id, spelled) == written

    run_really(main())


def test_clients_send_as_the_profile_says_and_read_any_answer() -> None:
    async def main() -> None:
        seen: dict[str, Any] = {}
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            for function_id in WRITTEN:

                async def answer(payload: Any, function_id: str = function_id) -> Any:
                    seen[function_id] = payload
                    return next(other for name, other in WRITTEN.items() if name != function_id)

                worker.function(function_id)(answer)
            parcels, boxes = profiles.ParcelsClient(caller), profiles.BoxesClient(caller)
            for method in (parcels.weigh, parcels.pack, boxes.weigh):
                assert await method(parcel()) == parcel()
        assert seen == WRITTEN

    run_really(main())


@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
@pytest.mark.parametrize("function_id", WRITTEN)
def test_schemas_describe_what_the_profile_writes_and_nothing_else(function_id: str, dialect: str) -> None:
    services = (profiles.ParcelsService, profiles.BoxesService)
    methods = {method.function_id: method for service in services for method in service._service.methods}
    method = methods[function_id]
    schemas = method.schemas()[method.full_name]
    texts = (
        (schemas.request, schemas.response)
        if dialect == "2020-12"
        else (schemas.request_draft_07, schemas.response_draft_07)
    )
    for text in texts:
        schema = json.loads(text)
        validator = jsonschema.validators.validator_for(schema)(schema)
        validator.validate(WRITTEN[function_id])
        assert set(WRITTEN[function_id]) <= set(schema["properties"])
        for other, written in WRITTEN.items():
            if other != function_id:
                spelled_alike = set(written) <= set(schema["properties"])
                assert not (validator.is_valid(written) and spelled_alike), other
