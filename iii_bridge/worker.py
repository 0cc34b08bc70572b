"""Serving a service: functions with schemas, ownership, then triggers."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypedDict, Unpack

from msgspec import UNSET, Raw

from iii_bridge.abi.stubs import Service, ServiceSync
from iii_bridge.aio.dispatch import Dispatcher, Handler
from iii_bridge.aio.session import Session
from iii_bridge.bridge.bindings import plan_bindings
from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.catalogue import catalogue_of
from iii_bridge.bridge.checks import encode_json
from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.bridge.hosting import Concurrency, Hosting, limits_of
from iii_bridge.bridge.http_adapter import plan_http
from iii_bridge.bridge.http_endpoints import forwarding_body, http_invocation, refuse_invocation
from iii_bridge.bridge.ownership import Ownership
from iii_bridge.bridge.reflection import contract_function
from iii_bridge.bridge.settings import Verify
from iii_bridge.bridge.stream_calls import StreamCalls
from iii_bridge.bridge.stream_handlers import any_handler
from iii_bridge.bridge.verify import verify_served
from iii_bridge.contract.spec import MethodKind, MethodSpec, ServiceSpec
from iii_bridge.errors import (
    BridgeError,
    ConnectionLostError,
    ContractMismatch,
    InvocationTimeoutError,
    LocalProtocolError,
    RegistrationRejectedError,
    Side,
    UnsupportedError,
)
from iii_bridge.protocol.sidecar import MEMBER
from iii_bridge.protocol.worker_events import FunctionRejected
from iii_bridge.triggers import BoundTrigger, Triggers
from iii_bridge.types import Json
from iii_bridge.wire import RegisterFunction
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["Dialect", "OnConflict", "ServeOptions", "Served", "Worker", "check_service"]

_log: Final = logging.getLogger("iii_bridge.worker")

_RETRY_CONFLICT: Final = 2.0

OnConflict = Literal["raise", "wait"]
"""What `serve` does when another worker owns a function."""

Dialect = Literal["2020-12", "draft-07"]
"""Which JSON Schema dialect is registered."""


class ServeOptions(TypedDict, total=False):
    """What `serve` takes besides the service."""

    on_conflict: OnConflict
    """`raise`, the default, or `wait`: keep trying while another worker owns a function or the engine is away."""
    dialect: Dialect
    """The dialect of the schemas that are registered: `2020-12`, the default, or `draft-07`."""
    verify: Verify
    """Whether the catalogue is asked if it shows what was registered; default as `connect(verify=…)`."""
    reflection: bool
    """Whether an internal function answers with the contract; default True."""
    concurrency: Concurrency | None
    """How many invocations of each method are served at once, by direct call or by trigger; default any number."""


@dataclass(eq=False)
class Served:
    """One service being served: what has to be registered, bound and kept."""

    name: str
    on_conflict: OnConflict
    functions: list[tuple[RegisterFunction, Handler]] = field(
        default_factory=lambda: list[tuple[RegisterFunction, Handler]]()
    )
    bindings: list[BoundTrigger] = field(default_factory=lambda: list[BoundTrigger]())
    aside: list[tuple[RegisterFunction, Handler]] = field(
        default_factory=lambda: list[tuple[RegisterFunction, Handler]]()
    )
    """Registered besides, and nobody waits for it: a service is served where the engine refuses these."""
    confirmed: bool = False
    service: Service | ServiceSync | None = None

    @property
    def function_ids(self) -> list[str]:
        """The ids of everything registered, adapters included."""
        return [frame.id for frame, _ in self.functions]


class Worker:
    """The serving half of a bridge."""

    def __init__(
        self,
        session: Session,
        dispatcher: Dispatcher,
        triggers: Triggers,
        ownership: Ownership,
        hosting: Hosting,
        calls: Calls,
        streams: StreamCalls,
        verify: Verify = "off",
    ) -> None:
        self._verify = verify
        self._calls = calls
        self._hosting = hosting
        self._streams = streams
        self._session = session
        self._dispatcher = dispatcher
        self._triggers = triggers
        self._ownership = ownership
        self._served: list[Served] = []
        self._reclaiming: set[asyncio.Task[None]] = set()

    async def serve(self, service: Service | ServiceSync, **options: Unpack[ServeOptions]) -> Served:
        """Registers, confirms, then binds. Raises as `Bridge.serve` says."""
        served = await self._hold(self._plan(service, options))
        verify = options.get("verify", self._verify)
        if verify != "off":
            spec = service._service  # pyright: ignore[reportPrivateUsage] -- rpc names own the public ones
            try:
                await verify_served(catalogue_of(self._calls), spec, self._namespace, raises=verify == "error")
            except ContractMismatch:
                self.withdraw(served)
                raise
        return served

    async def front(self, spec: ServiceSpec, body: Callable[[MethodSpec[Any, Any]], MethodBody]) -> Served:
        """Serves the http routes alone of a service that another worker implements; `body` calls a method of it.

        Raises as `Bridge.serve_http` says.
        """
        served = Served(f"the http routes of {spec.full_name}", "raise")
        for adapter in plan_http((method, body(method)) for method in spec.methods):
            served.functions.append((adapter.registration(), adapter.handle))
            served.bindings += adapter.bindings
        if not served.bindings:
            raise LocalProtocolError(f"{spec.full_name} has no http routes to serve; give a method google.api.http")
        return await self._hold(served)

    async def _hold(self, served: Served) -> Served:
        for function_id in served.function_ids:
            if function_id in self._dispatcher.handlers:
                raise LocalProtocolError(f"{function_id} is served already; serve every function once")
        self._served.append(served)
        try:
            self._register(served)
            await self._confirm(served)
            await self._bind(served)
        except BaseException:
            self.withdraw(served)
            raise
        served.confirmed = True
        return served

    def withdraw(self, served: Served) -> None:
        """Takes triggers and functions back."""
        self._unbind(served)
        for frame, _ in (*served.functions, *served.aside):
            self._dispatcher.handlers.pop(frame.id, None)
            self._session.protocol.unregister_function(frame.id)
        self._session.poke()
        if served in self._served:
            self._served.remove(served)

    def served(self, service: Service | ServiceSync) -> Served | None:
        """What is held for a service; None for one that is not served."""
        return next((served for served in self._served if served.service is service), None)

    def http_functions(self) -> set[str]:
        """The functions that answer http triggers of the services served here."""
        bindings = (bound for served in self._served for bound in served.bindings)
        return {bound.function_id for bound in bindings if bound.spec.trigger_type == "http"}

    def note_rejection(self, event: FunctionRejected) -> None:
        """A function turned out to be somebody else's, possibly after a reconnect."""
        self._ownership.note_rejection(event)
        served = next((served for served in self._served if event.function_id in served.function_ids), None)
        if served is None or not served.confirmed:
            # A plain function; or one whose `serve` is still asking and will say so itself.
            _log.log(logging.WARNING if served is None else logging.DEBUG, "%s", event.error)
            return
        _log.error("%s; the triggers of %s are withdrawn", event.error, served.name)
        served.confirmed = False
        self._unbind(served)
        if served.on_conflict == "wait":
            task = asyncio.get_running_loop().create_task(self._reclaim(served))
            self._reclaiming.add(task)
            task.add_done_callback(self._reclaiming.discard)

    async def stop(self) -> None:
        """Ends what runs in the background."""
        tasks = list(self._reclaiming)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # --- inside --------------------------------------------------------------

    def _plan(self, service: Service | ServiceSync, options: ServeOptions) -> Served:
        check_service(service)
        spec = service._service  # pyright: ignore[reportPrivateUsage] -- rpc names own the public ones
        served = Served(spec.full_name, options.get("on_conflict", "raise"), service=service)
        self._check_namespace(spec)
        for method in spec.methods:
            _check_supported(method)
        limits = limits_of(spec, options.get("concurrency"))
        dialect = options.get("dialect", "2020-12")
        methods = [
            (method, self._body(service, method, limits.get(method.name)), _registration(method, spec, dialect))
            for method in spec.methods
        ]
        functions, served.bindings = plan_bindings(methods)
        served.functions = [(own, self._handler(method, body)) for method, body, own in methods] + functions
        contract = contract_function(spec) if options.get("reflection", True) else None
        served.aside += [contract] if contract is not None else []
        return served

    def _body(self, service: Service | ServiceSync, method: MethodSpec[Any, Any], limit: int | None) -> MethodBody:
        if method.http_endpoint is not None:
            return forwarding_body(method, self._calls)
        return self._hosting.body(
            getattr(service, method.name),
            name=method.function_id,
            blocking=isinstance(service, ServiceSync),
            method=method,
            concurrency=limit,
        )

    def _handler(self, method: MethodSpec[Any, Any], body: MethodBody) -> Handler:
        return any_handler(method, body, self._streams) if method.http_endpoint is None else refuse_invocation

    @property
    def _namespace(self) -> str:
        return self._session.protocol.namespace or DEFAULT_NAMESPACE

    def _check_namespace(self, spec: ServiceSpec) -> None:
        own = self._namespace
        for wanted in (spec.namespace, *(method.namespace for method in spec.methods)):
            if wanted is not None and wanted != own:
                raise LocalProtocolError(
                    f"{spec.full_name} is served in namespace {wanted}, this connection is in {own}; "
                    f"connect with namespace={wanted!r}"
                )

    def _register(self, served: Served) -> None:
        self._ownership.forget_rejections(served.function_ids)
        for frame, handler in (*served.functions, *served.aside):
            self._dispatcher.handlers[frame.id] = handler
            self._session.protocol.register_function(frame)
        self._session.poke()

    async def _confirm(self, served: Served) -> None:
        said = ""
        while True:
            try:
                await self._ownership.confirm(served.function_ids)
            except (RegistrationRejectedError, ConnectionLostError, InvocationTimeoutError) as error:
                if served.on_conflict == "raise" or self._session.error is not None:
                    raise
                if str(error) != said:
                    said = str(error)
                    _log.warning("%s; trying again every %g s", said, _RETRY_CONFLICT)
                await asyncio.sleep(_RETRY_CONFLICT)
                self._register(served)
            else:
                return

    async def _bind(self, served: Served) -> None:
        for bound in served.bindings:
            spec = bound.spec
            bound.trigger = self._triggers.bind(
                spec.trigger_type, bound.function_id, spec.config, metadata=spec.metadata
            )
        for trigger_type in dict.fromkeys(bound.spec.trigger_type for bound in served.bindings):
            if await self._ownership.missing_provider(trigger_type):
                _log.warning(
                    "nobody provides trigger type %s yet: the bindings of %s wait for it", trigger_type, served.name
                )
        refused = next(
            (bound.trigger.error for bound in served.bindings if bound.trigger and bound.trigger.error), None
        )
        if refused is not None:
            raise refused

    def _unbind(self, served: Served) -> None:
        for bound in served.bindings:
            if bound.trigger is not None:
                bound.trigger.unregister()
            bound.trigger = None

    async def _reclaim(self, served: Served) -> None:
        try:
            await self._confirm(served)
            await self._bind(served)
        except BridgeError as error:
            _log.error("%s could not be reclaimed: %s", served.name, error)
        else:
            served.confirmed = True
            _log.info("%s is served again", served.name)


def check_service(service: Any) -> None:
    """What a type checker would have found. Raises LocalProtocolError for what is no service."""
    if not isinstance(service, Service | ServiceSync):
        given = f"the class {service.__name__}" if inspect.isclass(service) else f"a {type(service).__name__}"
        raise LocalProtocolError(f"serve takes an instance of a class with a generated base, not {given}")
    if isinstance(service, ServiceSync):
        for method in service._service.methods:  # pyright: ignore[reportPrivateUsage] -- rpc names own the public ones
            if inspect.iscoroutinefunction(getattr(service, method.name, None)):
                name = f"{type(service).__name__}.{method.name}"
                raise LocalProtocolError(f"{name} is asynchronous in a blocking service; use the base without Sync")


def _check_supported(method: MethodSpec[Any, Any]) -> None:
    """Refuses, by name, what a contract asks for and this version does not carry."""
    if method.kind is not MethodKind.UNARY and method.http_endpoint is not None:
        kind = method.kind.value.replace("_", " ")
        hint = "take the option out, or make the method unary"
        raise UnsupportedError(f"{method.full_name}: http_endpoint of a {kind} is not carried by serve yet; {hint}")


def _registration(method: MethodSpec[Any, Any], service: ServiceSpec, dialect: Dialect) -> RegisterFunction:
    schemas = method.schemas()[method.full_name]
    draft_07 = dialect == "draft-07"
    metadata: Mapping[str, Json] = {
        **method.metadata,
        MEMBER: {"method": method.full_name, "digest": service.digest},
    }
    return RegisterFunction(
        id=method.function_id,
        description=method.description or UNSET,
        request_format=_schema(schemas.request_draft_07 if draft_07 else schemas.request),
        response_format=_schema(schemas.response_draft_07 if draft_07 else schemas.response),
        metadata=encode_json(metadata, method.function_id, Side.CONFIG),
        invocation=UNSET if method.http_endpoint is None else http_invocation(method.http_endpoint),
    )


def _schema(text: str) -> Raw:
    """Checked and written compactly: a raw payload goes onto the wire as it is."""
    return Raw(json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode())
