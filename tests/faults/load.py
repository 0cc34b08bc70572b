"""Calls of every kind under faults, each with an identity, and what became of each of them."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from iii_bridge import BridgeError, ConnectionLostError, InvocationError, InvocationTimeoutError, Outcome
from iii_bridge.abi.v1 import Empty
from tests.bridge.contracts import shop

__all__ = ["Ending", "Ledger", "Ledgered", "load"]

VERBS = ("place", "get", "void", "enqueue")


@dataclass(frozen=True)
class Ending:
    """How one call ended: `kind` is ok or the type of the error, `outcome` what it says is known."""

    verb: str
    name: str
    kind: str
    outcome: str = ""


@dataclass
class Ledger:
    """Everything that was called, ended and executed, by the call's own name."""

    made: dict[str, str] = field(default_factory=dict)
    endings: dict[str, list[Ending]] = field(default_factory=lambda: defaultdict(list))
    executed: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def ran(self, name: str) -> None:
        """A handler did the work of a call."""
        self.executed[name] += 1
        self.changed.set()

    def by_kind(self) -> Counter[tuple[str, str]]:
        """How many calls of each verb ended in each way."""
        return Counter(
            (ending.verb, f"{ending.kind} {ending.outcome}".strip())
            for endings in self.endings.values()
            for ending in endings
        )

    def faults(self) -> list[str]:
        """What must never be: calls lost or ended twice, work done twice, outcomes that are not true."""
        found: list[str] = []
        for name, verb in self.made.items():
            endings, executed = self.endings[name], self.executed[name]
            if len(endings) != 1:
                found.append(f"{verb} {name} ended {len(endings)} times")
                continue
            (ending,) = endings
            if verb == "place" and executed > 1:
                found.append(f"place {name} ran {executed} times")
            if ending.outcome == Outcome.NOT_SENT.value and executed:
                found.append(f"{verb} {name} ran although it was not sent")
            if ending.kind == "ok" and verb in ("place", "get") and not executed:
                found.append(f"{verb} {name} was answered although it did not run")
        return found

    def undelivered(self) -> list[str]:
        """Calls whose receipt was given and that have not run."""
        return [
            name
            for name, verb in self.made.items()
            if verb == "enqueue"
            and self.endings[name]
            and self.endings[name][0].kind == "ok"
            and not self.executed[name]
        ]


class Ledgered(shop.OrdersService):  # type: ignore[misc]
    """Writes down what runs."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def place(self, request: Any, context: Any, /) -> Any:
        self._ledger.ran(request.sku)
        return shop.Receipt(order_id=request.sku)

    async def get(self, request: Any, context: Any, /) -> Any:
        self._ledger.ran(request.order_id)
        return shop.Receipt(order_id=request.order_id)

    async def note(self, request: Any, context: Any, /) -> Any:
        self._ledger.ran(request.sku)
        return Empty()

    async def raw(self, request: Any, context: Any, /) -> Any:
        raise AssertionError("nobody calls")


async def load(bridge: Any, ledger: Ledger, stop: asyncio.Event, lanes: int, label: str) -> None:
    """Makes calls, `lanes` at a time, until `stop`; every one is waited for."""
    client = shop.OrdersClient(bridge)
    numbers = itertools.count()

    async def lane(number: int) -> None:
        while not stop.is_set():
            verb = VERBS[(number + next(numbers)) % len(VERBS)]
            name = f"{label}-{verb}-{next(numbers)}"
            ledger.made[name] = verb
            ledger.endings[name].append(await _call(client, verb, name))
            await asyncio.sleep(0.002)  # a quick failure must not become a busy loop

    await asyncio.gather(*(lane(number) for number in range(lanes)))


async def _call(client: Any, verb: str, name: str) -> Ending:
    try:
        if verb == "place":
            answer = await client.place(shop.PlaceRequest(sku=name), timeout=4.0)
        elif verb == "get":
            answer = await client.get(shop.GetRequest(order_id=name), timeout=20.0)
        elif verb == "void":
            await client.note.void(shop.PlaceRequest(sku=name))
            return Ending(verb, name, "ok")
        else:
            await client.note.enqueue(shop.PlaceRequest(sku=name), timeout=4.0)
            return Ending(verb, name, "ok")
    except (ConnectionLostError, InvocationTimeoutError) as error:
        return Ending(verb, name, type(error).__name__, error.outcome.value)
    except InvocationError as error:
        return Ending(verb, name, error.code, error.outcome.value if error.outcome else "")
    except BridgeError as error:
        return Ending(verb, name, type(error).__name__)
    assert answer.order_id == name, "an answer to another call"
    return Ending(verb, name, "ok")
