"""The engine's functions: one owner per namespace and id (wire.md 3.1, 5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.protocol.engine_state import FunctionEntry, Worker
from iii_bridge.wire.codec import text_or_none
from iii_bridge.wire.limits import DEFAULT_NAMESPACE, MAX_FUNCTIONS
from iii_bridge.wire.messages import ErrorBody, RegisterFunction, RegistrationRejected

__all__ = ["Catalogue", "blank_namespace", "raw_or_none"]

_ENGINE_PREFIX = "engine::"


def raw_or_none(value: Raw | UnsetType) -> Raw | None:
    """An undecoded member, with absent and JSON null both as None."""
    return None if value is UNSET or bytes(value) == b"null" else value


def blank_namespace(member: str) -> ErrorBody:
    """The answer to a namespace that was named and left blank (wire.md 3.4, 5.1)."""
    text = f"`{member}` is empty: it was named and left blank. Give it a name, or omit it to use `default`."
    return ErrorBody("INVALID_NAMESPACE", text)


class Catalogue:
    """The function table. A worker in `default` may shadow a built-in id (wire.md 3.1)."""

    def __init__(self, not_carried: Mapping[str, str] | None = None) -> None:
        """`not_carried`: how ids begin that this engine knows of but does not carry, and what they belong to."""
        self._not_carried = dict(not_carried or {})
        self._owned: dict[tuple[str, str], FunctionEntry] = {}
        self._by_owner: dict[Worker, dict[tuple[str, str], FunctionEntry]] = {}
        self._builtin: dict[str, FunctionEntry] = {}

    def ids(self) -> frozenset[tuple[str, str]]:
        """(namespace, id) of every function; compare to notice a change."""
        return frozenset([*self._owned, *((DEFAULT_NAMESPACE, function_id) for function_id in self._builtin)])

    def add_builtin(self, entry: FunctionEntry) -> None:
        """Adds a function the engine carries, in namespace `default`."""
        self._builtin[entry.id] = entry

    def find(self, namespace: str, function_id: str) -> FunctionEntry | None:
        """The one handler of (namespace, id); never falls back to another namespace."""
        entry = self._owned.get((namespace, function_id))
        if entry is None and namespace == DEFAULT_NAMESPACE:
            return self._builtin.get(function_id)
        return entry

    def missing(self, namespace: str, function_id: str) -> str:
        """What a caller is told about a function that is not there."""
        text = f"Function {function_id} not found in namespace {namespace}."
        for beginning, what in self._not_carried.items():
            if function_id.startswith(beginning):
                return f"{text} This engine version does not carry {what}; use the full iii engine."
        return text

    def namespaces_of(self, function_id: str) -> list[str]:
        """The namespaces that have a function of this id, sorted."""
        found = {namespace for namespace, known in self._owned if known == function_id}
        if function_id in self._builtin:
            found.add(DEFAULT_NAMESPACE)
        return sorted(found)

    def full(self, namespace: str, function_id: str) -> bool:
        """Is there no room for this function, which is not there yet?"""
        return len(self._owned) >= MAX_FUNCTIONS and (namespace, function_id) not in self._owned

    def register(self, worker: Worker, namespace: str, message: RegisterFunction) -> RegistrationRejected | None:
        """Records a function, or says who owns it. The same worker overwrites silently."""
        if message.id.startswith(_ENGINE_PREFIX) and namespace != DEFAULT_NAMESPACE:
            return _rejected(namespace, message.id, "")
        key = (namespace, message.id)
        known = self._owned.get(key)
        if known is not None and known.owner is not None and known.owner is not worker:
            return _rejected(namespace, message.id, known.owner.id)
        entry = FunctionEntry(
            namespace=namespace,
            id=message.id,
            owner=worker,
            description=text_or_none(message.description),
            request_format=raw_or_none(message.request_format),
            response_format=raw_or_none(message.response_format),
            metadata=raw_or_none(message.metadata),
            invocation=message.invocation or None,
        )
        self._owned[key] = entry
        self._by_owner.setdefault(worker, {})[key] = entry
        return None

    def unregister(self, worker: Worker, namespace: str, function_id: str) -> bool:
        """Removes a function if this worker owns it; otherwise does nothing."""
        known = self._owned.get((namespace, function_id))
        if known is None or known.owner is not worker:
            return False
        del self._owned[(namespace, function_id)]
        del self._by_owner[worker][(namespace, function_id)]
        return True

    def remove_owner(self, worker: Worker) -> None:
        """Removes every function of a worker that has gone (wire.md 2.5)."""
        for key in self._by_owner.pop(worker, ()):
            del self._owned[key]

    def of_owner(self, worker: Worker) -> list[FunctionEntry]:
        """The functions of one worker, sorted by id."""
        return sorted(self._by_owner.get(worker, {}).values(), key=_by_id)

    def __iter__(self) -> Iterator[FunctionEntry]:
        """Every function that can be called, sorted by id, shadowed built-ins left out."""
        visible: Iterable[FunctionEntry] = (
            entry for entry in self._builtin.values() if (DEFAULT_NAMESPACE, entry.id) not in self._owned
        )
        return iter(sorted([*self._owned.values(), *visible], key=_by_id))


def _by_id(entry: FunctionEntry) -> tuple[str, str]:
    return entry.id, entry.namespace


def _rejected(namespace: str, function_id: str, owner: str) -> RegistrationRejected:
    return RegistrationRejected(
        code="FUNCTION_NAMESPACE_CONFLICT", namespace=namespace, function_id=function_id, owner_worker_id=owner
    )
