"""The contracts that workers under test are held to, and one engine for a module of tests."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iii_bridge.dynamic import Contracts, contracts_of_protos
from iii_bridge.errors import ContractError, Side
from iii_bridge.testing.engines import Link, linked, live_engine
from iii_bridge.testing.outcomes import Outcome
from iii_bridge.testing.runner import RunnerOptions, run_contract

PROTO = Path(__file__).parent / "proto"
LEDGER = "ledger.v1.LedgerService"
FEED = "feed.v1.FeedService"


@functools.cache
def contracts() -> Contracts:
    return contracts_of_protos(PROTO)


@contextmanager
def one_engine() -> Iterator[Link]:
    with live_engine() as engine, linked(engine.url) as link:
        yield link


def outcomes_of(link: Link, service: str, **options: Any) -> dict[tuple[str, str], Outcome]:
    """By the name of the method and of the check; what is not there yet is not waited for, unless `settle` says so."""
    chosen = RunnerOptions(**{"examples": 20, "seed": 3, "settle": 0.0, **options})
    found = run_contract(link, contracts(), [contracts().services[service]], chosen)
    return {(each.method.rpartition("/")[2], each.check): each for each in found}


@contextmanager
def posting(link: Link, post: Callable[[dict[str, Any]], Any], **schemas: Any) -> Iterator[None]:
    """A plain function under the id of Post, as hand-written workers are."""

    async def handler(payload: dict[str, Any]) -> Any:
        return post(payload)

    async def start() -> None:
        link.bridge.register_function("ledger::post", handler, **schemas)
        await link.bridge.confirm("ledger::post")

    async def stop() -> None:
        link.bridge.unregister_function("ledger::post")

    link.run(start)
    try:
        yield
    finally:
        link.run(stop)


def checked(payload: dict[str, Any]) -> dict[str, Any]:
    """What a worker that looks at its requests does first."""
    problem = None
    sides = ("SIDE_UNSPECIFIED", "SIDE_DEBIT", "SIDE_CREDIT", 0, 1, 2)
    if not isinstance(payload.get("account"), str):
        problem = "account is missing or no text"
    elif not _is_int64(payload.get("cents", 0)):
        problem = "cents is no integer of 64 bits"
    elif payload.get("side", 0) not in sides or isinstance(payload.get("side", 0), bool):
        problem = "side is unknown"
    if problem is not None:
        raise ContractError("ledger::post", Side.REQUEST, "$", problem)
    return {"account": payload["account"], "cents": str(payload.get("cents", 0)), "side": payload.get("side", 0)}


def _is_int64(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    try:
        return -(2**63) <= int(value) < 2**63
    except ValueError:
        return False
