"""What a user holds: a bridge to an engine, for calling and for serving. `iii_bridge.connect` makes one."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Final, TypeVar, Unpack

from msgspec import UNSET, Raw

from iii_bridge.abi.stubs import AsyncStub, Service, ServiceSync
from iii_bridge.aio.channel_io import ChannelReader, ChannelWriter
from iii_bridge.aio.dispatch import Dispatcher
from iii_bridge.aio.session import Session
from iii_bridge.aio.states import StateListener
from iii_bridge.aio.transport import PushTransport
from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.catalogue import catalogue_of
from iii_bridge.bridge.checks import encode_json
from iii_bridge.bridge.handlers import calls_itself, function_handler, with_context
from iii_bridge.bridge.hints import converter_for, schemas_of
from iii_bridge.bridge.hosting import Hosting
from iii_bridge.bridge.http_adapter import unavailable_response
from iii_bridge.bridge.http_front import forwarding
from iii_bridge.bridge.interceptors import AnyServerInterceptor, ClientInterceptor, is_async
from iii_bridge.bridge.logs import EngineLogs
from iii_bridge.bridge.ownership import Ownership
from iii_bridge.bridge.raw_channels import ChannelReference, RawChannels
from iii_bridge.bridge.settings import Settings
from iii_bridge.bridge.stream_calls import StreamCalls
from iii_bridge.bridge.stream_channels import DialChannel, EngineChannels
from iii_bridge.bridge.trigger_types import OnBinding, TriggerType, TriggerTypes
from iii_bridge.bridge.verbs import Verbs
from iii_bridge.bridge.verify import VerifyingCalls
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.errors import LocalProtocolError, Side
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.protocol.failures import refusal_body
from iii_bridge.protocol.worker import WorkerProtocol
from iii_bridge.protocol.worker_events import (
    Event,
    FunctionRejected,
    Invoked,
    Registered,
    TriggerFailed,
    TriggerRemoved,
    TriggerRequested,
)
from iii_bridge.triggers import Trigger, Triggers
from iii_bridge.types import ConnectionState, Json
from iii_bridge.wire import ErrorBody, InvokeFunction, RegisterFunction
from iii_bridge.worker import ServeOptions, Worker

__all__ = ["Bridge", "Dial"]

Handler = TypeVar("Handler", bound=Callable[..., Any])
Dial = Callable[[], Awaitable[PushTransport]]
"""Opens one connection, or raises TransportClosed."""

_ROUTES: Final = ("http",)
"""Trigger types whose events somebody waits for: while this worker finishes, it says so to them."""


class Bridge(Verbs):
    """One worker's connection to an engine, for calling and for serving. Made by `connect`.

    Belongs to one event loop; it reconnects as its settings say.
    """

    def __init__(
        self,
        settings: Settings,
        dial: Dial,
        dial_channel: DialChannel | None = None,
        *,
        client_interceptors: Sequence[ClientInterceptor] = (),
        server_interceptors: Sequence[AnyServerInterceptor] = (),
    ) -> None:
        """`dial` opens one connection; `connect` passes a WebSocket, tests a pipe in memory.

        `dial_channel` opens one end of a channel; without it, streams fail.
        """
        self._settings = settings
        self._session = Session(
            WorkerProtocol(settings.registration(), backlog=settings.backlog),
            dial,
            self._on_event,
            backoff=settings.reconnect.backoff(),
            attempts=settings.reconnect.attempts,
        )
        tracing = settings.tracing()
        if tracing is not None:
            client_interceptors = (tracing.client, *client_interceptors)
            server_interceptors = (tracing.server, *server_interceptors)
        current_span = None if tracing is None else tracing.outgoing
        calls = Calls(self._session, settings.timeout, settings.retry, current_span)
        self._verifying: VerifyingCalls | None = None
        if settings.verify != "off":
            raises = settings.verify == "error"
            self._verifying = VerifyingCalls(catalogue_of(calls), lambda: self.worker_id, raises=raises)
            client_interceptors = (*client_interceptors, self._verifying)
        channels = EngineChannels(calls, dial_channel)
        super().__init__(calls, client_interceptors, StreamCalls(calls, channels))
        self._channels = RawChannels(channels)
        self._dispatcher = Dispatcher(self._session.reply)
        self._triggers = Triggers(self._session)
        self._ownership = Ownership(self._session, settings.worker_name)
        self._hosting = Hosting(settings.handler_threads, server_interceptors, settings.concurrency)
        self._worker = Worker(
            self._session,
            self._dispatcher,
            self._triggers,
            self._ownership,
            self._hosting,
            self._calls,
            self._streams,
            settings.verify,
        )
        self._trigger_types = TriggerTypes(self._session, self._calls)
        self._logs: EngineLogs | None = None

    # --- who and where -------------------------------------------------------

    @property
    def url(self) -> str:
        """The engine's address."""
        return self._settings.url

    @property
    def worker_name(self) -> str:
        """The name this worker goes by."""
        return self._settings.worker_name

    @property
    def worker_id(self) -> str | None:
        """The id the engine gave to the latest connection."""
        return self._session.protocol.worker_id

    @property
    def namespace(self) -> str | None:
        """The namespace of this connection; None stands for `default`."""
        return self._settings.namespace

    @property
    def connected(self) -> bool:
        """Whether a connection stands at this moment."""
        return self._session.ready

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._session.states.current

    def on_state(self, listener: StateListener) -> Callable[[], None]:
        """Tells `listener` the present state and each new one, on the event loop; the result takes it off again."""
        return self._session.states.listen(listener)

    # --- serving -------------------------------------------------------------

    async def serve(self, service: Service | ServiceSync, **options: Unpack[ServeOptions]) -> None:
        """Serves a service: functions with schemas, then triggers, once ownership is confirmed.

        `ServeOptions` describes the options. Raises RegistrationRejectedError
        when a function is owned by another worker or a binding is refused,
        ConnectionLostError and InvocationTimeoutError when the engine stays
        away, UnsupportedError for what is not carried, LocalProtocolError for
        the wrong namespace and for what is no service; nothing stays registered
        then.
        """
        await self._worker.serve(service, **options)

    def withdraw(self, service: Service | ServiceSync) -> None:
        """Takes a service back, its triggers and then its functions; what runs finishes.

        One that is not served does nothing.
        """
        served = self._worker.served(service)
        if served is not None:
            self._worker.withdraw(served)

    async def serve_http(self, service: type[AsyncStub] | ServiceSpec, *, namespace: str | None = None) -> None:
        """Serves the http routes of a service that another worker implements, in whatever language.

        `service` is its generated client class, or its spec; `namespace` is
        where its functions are looked up. Transcoding and checks happen here,
        the methods are called with the deadline, trace and metadata of the
        request. Raises as `serve`, and LocalProtocolError for a service without
        http routes.
        """
        spec = service if isinstance(service, ServiceSpec) else service._methods  # pyright: ignore[reportPrivateUsage]
        await self._worker.front(spec, forwarding(self, namespace))

    def function(
        self, function_id: str, *, description: str | None = None, metadata: Mapping[str, Json] | None = None
    ) -> Callable[[Handler], Handler]:
        """Decorator: registers a plain function, see `register_function`."""

        def decorate(handler: Handler) -> Handler:
            self.register_function(function_id, handler, description=description, metadata=metadata)
            return handler

        return decorate

    def register_function(
        self,
        function_id: str,
        handler: Callable[..., Any],
        *,
        description: str | None = None,
        metadata: Mapping[str, Json] | None = None,
        request_format: Mapping[str, Json] | None = None,
        response_format: Mapping[str, Json] | None = None,
        concurrency: int | None = None,
    ) -> None:
        """Registers `handler(payload)` or `handler(payload, context)`, asynchronous or blocking.

        Schemas come from the type hints unless given. A first parameter hinted
        with a Pydantic model, dataclass or msgspec Struct is built from the
        payload; a second one gets the context unless it has a default and
        another name. At most `concurrency` invocations run at once, default any
        number. The engine acknowledges nothing: a conflict is logged.
        Raises LocalProtocolError for an empty id, one that is registered
        already, and a handler that cannot be called so.
        """
        if not function_id:
            raise LocalProtocolError("function_id is empty; name one")
        if function_id in self._dispatcher.handlers:
            raise LocalProtocolError(f"{function_id} is registered already; unregister it first")
        hinted_request, hinted_response = schemas_of(handler)
        request, response = request_format or hinted_request, response_format or hinted_response
        describe = functools.partial(encode_json, function_id=function_id, side=Side.CONFIG)
        frame = RegisterFunction(
            id=function_id,
            description=description or (handler.__doc__ or "").strip().partition("\n")[0] or UNSET,
            request_format=describe(request) if request is not None else UNSET,
            response_format=describe(response) if response is not None else UNSET,
            metadata=describe(dict(metadata)) if metadata else UNSET,
        )
        convert = converter_for(function_id, handler)
        body = self._hosting.body(
            with_context(function_id, handler),
            name=function_id,
            blocking=not is_async(handler),
            concurrency=concurrency,
        )
        served = function_handler(function_id, body, convert)
        self._session.protocol.register_function(frame)
        self._dispatcher.handlers[function_id] = served
        self._session.poke()

    async def confirm(self, *function_ids: str) -> None:
        """Returns once the engine lists these functions as this worker's: it acknowledges no registration.

        Raises RegistrationRejectedError when another worker owns one of them.
        """
        await self._ownership.confirm(function_ids)

    def unregister_function(self, function_id: str) -> None:
        """Takes a plain function back; an unknown id does nothing."""
        self._dispatcher.handlers.pop(function_id, None)
        self._session.protocol.unregister_function(function_id)
        self._session.poke()

    def register_trigger(
        self,
        trigger_type: str,
        function_id: str,
        config: Mapping[str, Json],
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
        trigger_namespace: str | None = None,
    ) -> Trigger:
        """Binds a function to an event source; kept over reconnects.

        `namespace` is where the function is looked up, default this
        connection's. A refusal is logged and shown by `Trigger.error`.
        """
        return self._triggers.bind(
            trigger_type,
            function_id,
            config,
            metadata=metadata,
            namespace=namespace,
            trigger_namespace=trigger_namespace,
        )

    def register_trigger_type(
        self,
        type_id: str,
        *,
        description: str = "",
        config: type[Any] | None = None,
        payload: type[Any] | None = None,
        config_format: Mapping[str, Json] | None = None,
        payload_format: Mapping[str, Json] | None = None,
        on_bind: OnBinding | None = None,
        on_unbind: OnBinding | None = None,
    ) -> TriggerType[Any]:
        """Provides a trigger type: others bind functions to it, `TriggerType.fire` invokes them.

        `config` and `payload` are message classes, checked like every payload;
        `config_format` and `payload_format` the JSON Schemas shown by the
        catalogue. `on_bind` hears of each binding, asynchronous or not, and
        refuses it by raising; `on_unbind` of its end, a lost connection
        included. Raises LocalProtocolError for an empty id or one in use.
        """
        return self._trigger_types.register(
            type_id,
            description=description,
            config=config,
            payload=payload,
            config_format=config_format,
            payload_format=payload_format,
            on_bind=on_bind,
            on_unbind=on_unbind,
        )

    # --- channels --------------------------------------------------------------

    async def create_channel(self) -> tuple[ChannelRef, ChannelRef]:
        """A new channel: the reference to write to, and the one to read from, each for one use (wire.md 10)."""
        return await self._channels.create()

    def read_channel(self, reference: ChannelReference | None) -> ChannelReader:
        """The items of a channel: `async with bridge.read_channel(request.request_body) as chunks: async for …`."""
        return self._channels.read(reference)

    def write_channel(self, reference: ChannelReference | None) -> ChannelWriter:
        """The writing end of a channel: `async with bridge.write_channel(reference) as out: await out.write(…)`."""
        return self._channels.write(reference)

    def http_response(
        self, reference: ChannelReference | None, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[ChannelWriter]:
        """Answers an http request piece by piece: `async with bridge.http_response(request.response) as out`.

        What the handler returns afterwards is not looked at. Read the request's
        body before the first write: it is gone then (wire.md 7.1).
        """
        return self._channels.respond(reference, status, headers or {})

    # --- life ----------------------------------------------------------------

    async def open(self) -> None:
        """Connects; waits for `connect_timeout` at most. `connect` calls it. Raises ConnectionLostError."""
        self._session.start()
        try:
            await self._session.wait_ready(self._settings.connect_timeout)
            await self._ownership.announce(self._settings.connect_timeout)
            if self._settings.ship_logs is not None:
                self._logs = EngineLogs(self._calls, self.worker_name, self._settings.ship_logs)
        except BaseException:
            await self.close()
            raise

    async def wait_closed(self) -> None:
        """Waits until `close`; raises RegistrationRejectedError when the engine refuses this worker for good."""
        await self._session.wait_ended()

    async def close(self, *, grace: float = 0.0) -> None:
        """Ends in order: takes nothing more, finishes what runs, takes everything back, sends what is queued, closes.

        Whatever still arrives is refused with UNAVAILABLE and did not run, but
        for the calls this worker makes itself: what finishes may need them.
        Events are no longer taken, so their triggers go first; an http route
        stays and answers 503. What is being served has `grace` seconds to
        finish and is cancelled then. Open calls fail with ClosedError.
        """
        if self._verifying is not None:
            await self._verifying.close()
        await self._worker.stop()
        self._dispatcher.refuse(lambda frame: None if calls_itself(frame, self.worker_id) else self._refusal(frame))
        self._session.protocol.withdraw_triggers(but=_ROUTES)
        self._session.poke()
        if grace > 0:
            await self._dispatcher.finish(grace)
        self._dispatcher.refuse(self._refusal)
        await self._dispatcher.stop()
        await self._trigger_types.stop()
        logs, self._logs = self._logs, None
        if logs is not None:
            await logs.stop()
        self._session.protocol.withdraw()
        await self._session.close()
        await self._streams.close()
        self._hosting.close()

    async def __aenter__(self) -> Bridge:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- inside --------------------------------------------------------------

    def _refusal(self, frame: InvokeFunction) -> tuple[Raw | None, ErrorBody | None]:
        """What an invocation that comes while this worker closes is answered."""
        if frame.function_id in self._worker.http_functions():
            return unavailable_response(frame.function_id), None
        return None, refusal_body(frame.function_id)

    def _on_event(self, event: Event) -> None:
        if type(event) is Invoked:
            self._dispatcher.start(event)
        elif isinstance(event, FunctionRejected):
            self._worker.note_rejection(event)
        elif isinstance(event, TriggerFailed):
            self._triggers.note_failure(event)
        elif isinstance(event, Registered | TriggerRequested | TriggerRemoved):
            self._trigger_types.note(event)
