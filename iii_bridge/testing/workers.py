"""Worker programs under test, in any language: ready once the engine lists their functions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

from iii_bridge.abi.stubs import AsyncStub, Service, ServiceSync, SyncStub
from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.errors import LocalProtocolError
from iii_bridge.testing.engines import Link
from iii_bridge.testing.processes import Process, ProcessError

__all__ = ["DEFAULT_READY", "AnyService", "Registrations", "WorkerOptions", "WorkerProcess", "spec_of"]

DEFAULT_READY: Final = 60.0
"""Seconds a worker may take to register its functions."""

_PAUSE: Final = 0.05
_GONE_WITHIN: Final = 10.0

AnyService = ServiceSpec | type[Service] | type[ServiceSync] | type[AsyncStub] | type[SyncStub]
"""A service: its spec, a generated base, or a generated client."""


def spec_of(service: AnyService) -> ServiceSpec:
    """The spec behind a generated class. Raises LocalProtocolError for anything else."""
    if isinstance(service, ServiceSpec):
        return service
    spec: Any = getattr(service, "_service", None) or getattr(service, "_methods", None)
    if not isinstance(spec, ServiceSpec):
        raise LocalProtocolError(f"{service!r} is no generated service base and no client; name one")
    return spec


class Registrations:
    """Functions by namespace and id, as an engine lists them or not."""

    def __init__(self, link: Link, wanted: Iterable[tuple[str | None, str]]) -> None:
        """A namespace of None is the connection's."""
        self._link = link
        self._wanted = sorted(wanted, key=lambda pair: (pair[0] or "", pair[1]))

    def present(self) -> list[str]:
        """The ids that are listed."""
        catalogue = Catalogue(self._link.bridge.call)

        async def ask() -> list[str]:
            found: list[str] = []
            for space in dict.fromkeys(space for space, _ in self._wanted):
                ids = [function_id for where, function_id in self._wanted if where == space]
                found += await catalogue.describe(ids, space)
            return found

        return self._link.run(ask)

    def missing(self) -> list[str]:
        """The ids that are not."""
        known = set(self.present())
        return [function_id for _, function_id in self._wanted if function_id not in known]

    def wait(self, process: Process, ready: float, settle: float | None = None) -> None:
        """Returns when all are listed; with `settle`, also when some are and no other came for so many seconds.

        Raises ProcessError when the program ends before, or when it takes longer than `ready` seconds.
        """
        end = time.monotonic() + ready
        count, since = len(self._wanted), time.monotonic()
        while missing := self.missing():
            now = time.monotonic()
            if len(missing) != count:
                count, since = len(missing), now
            if settle is not None and count < len(self._wanted) and now > since + settle:
                return
            if not process.running:
                raise process.failure("ended before it registered", ", ".join(missing))
            if now > end:
                raise process.failure(f"did not within {ready:g} s register", ", ".join(missing))
            time.sleep(_PAUSE)


class WorkerOptions(TypedDict, total=False):
    """What a worker process takes besides its command."""

    services: Iterable[AnyService]
    """Services whose functions have to be registered before the worker counts as ready."""
    functions: Iterable[str]
    """Ids of further ones."""
    namespace: str | None
    """Where they are, unless a contract says."""
    name: str
    """What errors and reports call the worker; default the program's."""
    env: Mapping[str, str]
    """On top of this process's environment and `III_URL`."""
    cwd: str | Path | None
    """The directory it runs in."""
    ready: float
    """Seconds it may take to register its functions, default 60."""
    settle: float | None
    """Once some are there, the seconds without a further one after which no more are waited for; default: all have to
    be there."""


class WorkerProcess:
    """A worker program on an engine. `with` starts it, waits until it is ready, and stops it."""

    def __init__(self, link: Link, command: str | Sequence[str], **options: Unpack[WorkerOptions]) -> None:
        """`command` is a list, or a line a shell would read. The program finds the engine in `$III_URL`."""
        space = options.get("namespace")
        methods = (method for service in options.get("services", ()) for method in spec_of(service).methods)
        wanted = {(method.namespace or space, method.function_id) for method in methods}
        wanted |= {(space, function_id) for function_id in options.get("functions", ())}
        self._wanted = Registrations(link, wanted)
        self._ready = options.get("ready", DEFAULT_READY)
        self._settle = options.get("settle")
        self.process = Process(
            command,
            name=options.get("name", ""),
            env={"III_URL": link.bridge.url, **options.get("env", {})},
            cwd=options.get("cwd"),
        )

    @property
    def name(self) -> str:
        """What errors and reports call it."""
        return self.process.name

    def start(self) -> None:
        """Returns once its functions are registered, at once where none are named.

        Raises ProcessError when another worker has one of them, when it ends, and when it takes too long.
        """
        taken = self._wanted.present()
        if taken:
            raise ProcessError(
                f"{self.name} was not started: {', '.join(taken)} is registered already; stop its worker"
            )
        self.process.start()
        try:
            self._wanted.wait(self.process, self._ready, self._settle)
        except BaseException:
            self.process.stop()
            raise

    def log(self) -> str:
        """What it printed."""
        return self.process.log()

    def stop(self, grace: float = 10.0) -> None:
        """Asks it to end, kills it after `grace` seconds; returns when the engine lists its functions no more."""
        self.process.stop(grace)
        self._wait_gone()

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        self.process.kill()
        self._wait_gone()

    def __enter__(self) -> WorkerProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_gone(self) -> None:
        """The next worker may want the same ids; an engine that keeps them says so to that one."""
        end = time.monotonic() + _GONE_WITHIN
        while self._wanted.present() and time.monotonic() < end:
            time.sleep(_PAUSE)
