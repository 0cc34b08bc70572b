"""`engine::workers::register`: details, the namespace, and leases on worker names (wire.md 2.3)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.protocol.builtins import WORKERS_REGISTER, clean_name
from iii_bridge.protocol.catalogue import blank_namespace
from iii_bridge.protocol.engine_state import Worker, WorkerDetails
from iii_bridge.wire.limits import DEFAULT_NAMESPACE, MAX_MESSAGE_BYTES, OLD_PYTHON_MESSAGE_BYTES
from iii_bridge.wire.messages import ErrorBody, RegistrationRejected

__all__ = ["NameLeases", "RegisterRequest", "read_request"]


class _Telemetry(msgspec.Struct, frozen=True):
    framework: Any = None


class RegisterRequest(msgspec.Struct, frozen=True):
    """The input of `engine::workers::register`; members this version does not know are ignored."""

    runtime: str | None = None
    version: str | None = None
    name: str | None = None
    description: str | None = None
    os: str | None = None
    pid: int | None = None
    isolation: str | None = None
    namespace: str | None = None
    telemetry: _Telemetry | None = None
    features: list[Any] | UnsetType | None = UNSET

    def details(self) -> WorkerDetails:
        """What is kept of it, with name and description cleaned."""
        return WorkerDetails(
            name=clean_name(self.name or "") or None,
            description=clean_name(self.description or "") or None,
            runtime=self.runtime or "unknown",
            version=self.version,
            os=self.os,
            pid=self.pid,
            isolation=self.isolation,
        )

    def message_limit(self) -> int:
        """In bytes. The official Python SDK before 0.25 drops the connection on a message above 1 MiB (sdks.md 1.7)."""
        official = self.telemetry is not None and self.telemetry.framework == "iii-py"
        if not official or "large-messages.v1" in (self.features or ()):
            return MAX_MESSAGE_BYTES
        major, _, rest = (self.version or "").partition(".")
        minor = rest.partition(".")[0]
        if major == "0" and minor.isdecimal() and int(minor) < 25:
            return OLD_PYTHON_MESSAGE_BYTES
        return MAX_MESSAGE_BYTES


_decoder: msgspec.json.Decoder[RegisterRequest] = msgspec.json.Decoder(RegisterRequest)


def read_request(data: Raw) -> RegisterRequest | ErrorBody:
    """Reads the call's payload, or says why it cannot be read."""
    try:
        request = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        text = f"Failed to deserialize input for {WORKERS_REGISTER}: {error}"
        return ErrorBody("deserialization_error", text)
    if request.namespace is not None and not request.namespace.strip():
        return blank_namespace("namespace")
    return request


class NameLeases:
    """Who holds which worker name in which namespace. Unnamed workers hold none."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], Worker] = {}

    def take(self, worker: Worker, namespace: str, name: str | None) -> RegistrationRejected | None:
        """Gives the name to this worker and takes back its former one, or says who holds it."""
        if name is not None:
            holder = self._holders.get((namespace, name))
            if holder is not None and holder is not worker and not holder.gone:
                return RegistrationRejected(
                    code="WORKER_NAMESPACE_CONFLICT", namespace=namespace, worker_name=name, owner_worker_id=holder.id
                )
        self.release(worker)
        if name is not None:
            self._holders[(namespace, name)] = worker
        return None

    def release(self, worker: Worker) -> None:
        """Gives back the name of a worker, if it holds one."""
        key = (worker.namespace or DEFAULT_NAMESPACE, worker.details.name or "")
        if self._holders.get(key) is worker:
            del self._holders[key]
