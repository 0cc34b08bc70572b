"""Whether the functions this worker registered are really its own (design decision 13).

The engine acknowledges no registration and has one owner per function
(wire.md 3.1). So the catalogue is asked; where that is forbidden, a call that
the engine admits after the registrations serves as a barrier, and a grace
period lets a rejection arrive.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw

from iii_bridge.aio.session import Session
from iii_bridge.errors import (
    ConnectionLostError,
    ForbiddenError,
    InvocationError,
    InvocationTimeoutError,
    RegistrationRejectedError,
)
from iii_bridge.protocol.backoff import Backoff
from iii_bridge.protocol.builtins import (
    FUNCTIONS_INFO,
    FUNCTIONS_INFO_LIMIT,
    TRIGGERS_INFO,
    WORKERS_REGISTER,
    FunctionsInfo,
    FunctionsInfoRequest,
    FunctionsInfoRow,
    TriggersInfoRequest,
)
from iii_bridge.protocol.worker_events import FunctionRejected
from iii_bridge.wire import raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["Ownership"]

_ASK_TIMEOUT: Final = 3.0
_PATIENCE: Final = 10.0  # above the engine's namespace grace of 5 s (wire.md 2.2)
_GRACE: Final = 0.5
_PAUSES: Final = Backoff(initial=0.02, limit=0.5)


class Ownership:
    """Asks who owns what, and remembers rejections."""

    def __init__(self, session: Session, worker_name: str) -> None:
        self._session = session
        self._worker_name = worker_name
        self._rejected: dict[str, RegistrationRejectedError] = {}

    @property
    def _namespace(self) -> str:
        return self._session.protocol.namespace or DEFAULT_NAMESPACE

    def note_rejection(self, event: FunctionRejected) -> None:
        """The engine has said no."""
        self._rejected[event.function_id] = event.error

    def forget_rejections(self, function_ids: Sequence[str]) -> None:
        """Before registering anew."""
        for function_id in function_ids:
            self._rejected.pop(function_id, None)

    async def announce(self, timeout: float) -> None:
        """Returns once the engine knows this worker and its namespace, so that registrations are held no longer.

        Raises RegistrationRejectedError when the name is taken, ForbiddenError
        when the namespace is not allowed, ConnectionLostError after `timeout`
        seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        registration = raw(self._session.protocol.registration)
        while True:
            left = deadline - loop.time()
            try:  # asking again changes nothing, and an answer may get lost (wire.md 2.3 and 5.2)
                answer = await self._session.call(WORKERS_REGISTER, registration, timeout=min(left, _ASK_TIMEOUT))
            except InvocationTimeoutError as error:
                if loop.time() >= deadline:
                    problem = f"the engine did not accept this worker within {timeout:g} s"
                    raise ConnectionLostError("connect", error.outcome, problem) from error
            except ConnectionLostError:
                if loop.time() >= deadline:
                    raise
            else:
                return self._check_accepted(answer)

    async def confirm(self, function_ids: Sequence[str]) -> None:
        """Returns once every function is ours. Raises RegistrationRejectedError naming the first that is not."""
        unsure = list(function_ids)
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        pauses = _PAUSES.delays(random.random)
        while unsure:
            try:
                unsure = await self._unconfirmed(unsure)
            except ForbiddenError:
                await self._barrier(unsure)
                return
            except (ConnectionLostError, InvocationTimeoutError):
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            self._raise_rejection(function_ids)
            if not unsure:
                return
            if asyncio.get_running_loop().time() >= deadline:
                problem = f"the catalogue does not show it after {_PATIENCE:g} s; check the listener's access rules"
                raise RegistrationRejectedError("NOT_REGISTERED", unsure[0], self._namespace, message=problem)
            await asyncio.sleep(next(pauses))

    async def missing_provider(self, trigger_type: str) -> bool:
        """Whether nobody provides a trigger type, so that a binding of it is parked (wire.md 6).

        Also a barrier: what the engine says of bindings sent before has arrived.
        False where asking is forbidden.
        """
        request = TriggersInfoRequest(trigger_type, DEFAULT_NAMESPACE)
        try:
            await self._session.call(TRIGGERS_INFO, raw(request), timeout=_ASK_TIMEOUT)
        except InvocationError as error:
            return error.code == "NOT_FOUND"
        except (ConnectionLostError, InvocationTimeoutError):
            return False  # the next connection replays the bindings; a refusal is logged then
        return False

    def _check_accepted(self, answer: Raw) -> None:
        """`{"success": false}` may come instead of, or after, the rejection frame (wire.md 2.3)."""
        if msgspec.json.decode(answer) == {"success": False}:
            problem = "the name is held by a live worker; choose another, or stop that one"
            raise RegistrationRejectedError(
                "WORKER_NAMESPACE_CONFLICT", self._worker_name, self._namespace, message=problem
            )

    async def _unconfirmed(self, function_ids: list[str]) -> list[str]:
        """The ids the catalogue does not know yet. Raises for one that somebody else owns."""
        unsure: list[str] = []
        for start in range(0, len(function_ids), FUNCTIONS_INFO_LIMIT):
            for row in await self._ask(function_ids[start : start + FUNCTIONS_INFO_LIMIT]):
                if row.error == "forbidden":
                    raise ForbiddenError("FORBIDDEN", "the catalogue is closed to this session", row.function_id)
                if row.error is not None:
                    unsure.append(row.function_id)
                elif row.worker_name != self._worker_name:
                    owner = f"owned by worker {row.worker_name}; stop it, or serve with on_conflict='wait'"
                    raise RegistrationRejectedError(
                        "FUNCTION_NAMESPACE_CONFLICT", row.function_id, self._namespace, message=owner
                    )
        return unsure

    async def _ask(self, function_ids: list[str]) -> list[FunctionsInfoRow]:
        request = FunctionsInfoRequest(function_ids, self._namespace)
        answer = await self._session.call(FUNCTIONS_INFO, raw(request), timeout=_ASK_TIMEOUT)
        return msgspec.json.decode(answer, type=FunctionsInfo).functions

    async def _barrier(self, function_ids: Sequence[str]) -> None:
        """Registering the worker again changes nothing and is always allowed (wire.md 2.3 and 4.3)."""
        registration = raw(self._session.protocol.registration)
        await self._session.call(WORKERS_REGISTER, registration, timeout=_ASK_TIMEOUT)
        await asyncio.sleep(_GRACE)
        self._raise_rejection(function_ids)

    def _raise_rejection(self, function_ids: Sequence[str]) -> None:
        for function_id in function_ids:
            if function_id in self._rejected:
                raise self._rejected[function_id]
