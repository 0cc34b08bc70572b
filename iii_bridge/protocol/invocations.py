"""Calls in flight through the engine: forwarding, answers, and their end (wire.md 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.protocol.catalogue import Catalogue, blank_namespace, raw_or_none
from iii_bridge.protocol.engine_effects import CallBuiltin, CallHttp, Effect, Note, Resolve, Send
from iii_bridge.protocol.engine_state import FunctionEntry, PendingInvocation, Worker
from iii_bridge.wire.codec import NULL, raw, text_or_none
from iii_bridge.wire.limits import DEFAULT_NAMESPACE, MAX_PENDING_CALLS
from iii_bridge.wire.messages import EnqueueAction, ErrorBody, InvocationResult, InvokeFunction, VoidAction

__all__ = ["CALLER_MEMBER", "ENQUEUE_FUNCTION", "EnqueueRequest", "Invocations", "with_caller"]

CALLER_MEMBER: Final = "_caller_worker_id"
"""The member the engine puts into object payloads (wire.md 5.4)."""

ENQUEUE_FUNCTION: Final = "engine::queue::enqueue"
"""The provider behind `action: enqueue` (wire.md 5.3)."""

_ENVELOPE_BYTES: Final = 4096
"""Room left for the other members of a message where a limit applies."""

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BAGGAGE_KEY: Final = "iii.function.id"
_members: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_STOPPED: Final = ErrorBody("invocation_stopped", "Invocation stopped")
_NO_QUEUE: Final = (
    "No queue provider is installed. `TriggerAction::Enqueue` routes through the `engine::queue::enqueue` provider, "
    "which the standalone queue worker registers. Add it with `iii worker add queue`. (underlying: {})"
)


class EnqueueRequest(msgspec.Struct, frozen=True, omit_defaults=True, rename={"receipt_id": "messageReceiptId"}):
    """The payload of `engine::queue::enqueue` (wire.md 5.3)."""

    queue: str
    function_id: str
    data: Raw
    receipt_id: str
    traceparent: str | None
    baggage: str | None
    namespace: str | UnsetType | None = UNSET


def with_caller(data: Raw, worker_id: str) -> Raw:
    """Puts `_caller_worker_id` into an object payload, overwriting one that is there.

    Spliced into the text, so numbers stay exact and nothing large is decoded;
    only a payload that may already spell the member is taken apart one level.
    """
    text = bytes(data)
    if not text.startswith(b"{"):
        return data
    member = b'"%s":"%s"' % (CALLER_MEMBER.encode(), worker_id.encode())
    if CALLER_MEMBER.encode() in text or b"\\u" in text:
        try:
            members = _members.decode(text)
        except msgspec.DecodeError:  # a lone surrogate in a name: no reader takes it apart, the last member wins
            return Raw(b"%s,%s}" % (text[:-1], member))
        members[CALLER_MEMBER] = raw(worker_id)
        return raw(members)
    rest = text[1:].lstrip()
    comma = b"" if rest.startswith(b"}") else b","
    return Raw(b"{%s%s%s" % (member, comma, rest))


class Invocations:
    """Forwards calls and brings each its one answer.

    Scoped by connection: an executor is found under its own ids, so two
    callers that choose the same id never meet (sdks.md 9.8).
    """

    def __init__(self, catalogue: Catalogue, ids: Callable[[], str]) -> None:
        self._catalogue = catalogue
        self._ids = ids

    def from_worker(self, worker: Worker, message: InvokeFunction) -> list[Effect]:
        """A worker's invokefunction: synchronous, void or enqueue."""
        action = message.action
        void = isinstance(action, VoidAction)
        pending = PendingInvocation(
            id="",
            function_id=message.function_id,
            caller=worker,
            caller_invocation_id=None if void else text_or_none(message.invocation_id),
            traceparent=message.traceparent,
            baggage=message.baggage,
        )
        worker.issued.add(pending)
        if len(worker.issued) > MAX_PENDING_CALLS:
            return self.finish(pending, None, _too_many(message.function_id))
        namespace = message.namespace
        if namespace is UNSET or namespace is None:
            namespace = DEFAULT_NAMESPACE
        elif not namespace.strip():
            return self.finish(pending, None, blank_namespace("namespace"))
        data = NULL if message.data is UNSET else message.data
        if isinstance(action, EnqueueAction):
            return self._enqueue(pending, message, action.queue, namespace, data)
        entry = self._catalogue.find(namespace, message.function_id)
        if entry is None:
            return self.finish(pending, None, self._not_found(namespace, message.function_id))
        return self._start(pending, entry, with_caller(data, worker.id), message.metadata)

    def from_engine(self, token: object, message: InvokeFunction) -> list[Effect]:
        """A call from inside the engine (http, queue, conditions); ends in one `Resolve`."""
        namespace = text_or_none(message.namespace) or DEFAULT_NAMESPACE
        pending = PendingInvocation(
            id="",
            function_id=message.function_id,
            token=token,
            traceparent=message.traceparent,
            baggage=message.baggage,
        )
        entry = self._catalogue.find(namespace, message.function_id)
        if entry is None:
            text = self._catalogue.missing(namespace, message.function_id)
            return self.finish(pending, None, ErrorBody("function_not_found", text))
        return self._start(pending, entry, NULL if message.data is UNSET else message.data, message.metadata)

    def result(self, worker: Worker, message: InvocationResult) -> list[Effect]:
        """An executor's answer. One for an unknown id is dropped (wire.md 3.10)."""
        pending = worker.executing.get(message.invocation_id)
        if pending is None:
            return []
        error = message.error
        if error:
            return self.finish(pending, None, error)
        return self.finish(pending, raw_or_none(message.result), None)

    def unreadable_result(self, worker: Worker, invocation_id: str, problem: str) -> list[Effect]:
        """An answer that is no valid frame: the caller gets an error instead of silence."""
        pending = worker.executing.get(invocation_id)
        if pending is None:
            return []
        text = f"the result of {pending.function_id} could not be read: {problem}"
        return self.finish(pending, None, ErrorBody("serialization_error", text))

    def finish(self, pending: PendingInvocation, result: Raw | None, error: ErrorBody | None) -> list[Effect]:
        """Ends a call and hands its answer to whoever waits for it. A second end is ignored."""
        if pending.done:
            return []
        pending.done = True
        executor, caller = pending.executor, pending.caller
        if executor is not None:
            executor.executing.pop(pending.id, None)
        if caller is not None:
            caller.issued.discard(pending)
        if pending.token is not None:
            return [Resolve(pending.token, result, error)]
        if pending.receipt is not None:
            result, error = _receipt(pending.receipt, error)
        if caller is None or caller.gone:
            return []
        if pending.caller_invocation_id is None:
            return [Note(f"{pending.function_id} failed, nobody waits for it: {error.code}")] if error else []
        if result is not None and len(bytes(result)) > caller.message_limit - _ENVELOPE_BYTES:
            result, error = None, _too_large("result", pending.function_id, caller.message_limit)
        answer = InvocationResult(
            invocation_id=pending.caller_invocation_id,
            function_id=pending.function_id,
            result=UNSET if result is None else result,
            error=UNSET if error is None else error,
            traceparent=pending.traceparent,
            baggage=pending.baggage,
        )
        return [Send(caller.id, answer)]

    def stop(self, worker: Worker) -> list[Effect]:
        """Halts what a worker that has gone was running and what it had asked for (wire.md 2.5)."""
        for pending in list(worker.issued):
            pending.done = True
            if pending.executor is not None:
                pending.executor.executing.pop(pending.id, None)
        worker.issued.clear()
        effects: list[Effect] = []
        for pending in list(worker.executing.values()):
            effects += self.finish(pending, None, _STOPPED)
        return effects

    def _start(
        self, pending: PendingInvocation, entry: FunctionEntry, data: Raw, metadata: Raw | UnsetType
    ) -> list[Effect]:
        executor = entry.owner
        caller = pending.caller
        if executor is None:
            pending.id = pending.caller_invocation_id or self._ids()
            return [CallBuiltin(pending, entry.id, data, None if caller is None else caller.id)]
        if entry.invocation is not None:
            pending.id = self._ids()
            return [CallHttp(pending, entry, data)]
        size = len(bytes(data)) + (0 if metadata is UNSET else len(bytes(metadata)))
        if size > executor.message_limit - _ENVELOPE_BYTES:
            return self.finish(pending, None, _too_large("payload", entry.id, executor.message_limit))
        pending.executor = executor
        pending.id = self._forwarded_id(executor, pending.caller_invocation_id)
        executor.executing[pending.id] = pending  # before the frame leaves: a fast answer is never lost
        traced = text_or_none(pending.traceparent) or text_or_none(pending.baggage)
        forwarded = InvokeFunction(
            function_id=entry.id,
            invocation_id=pending.id,
            data=data,
            traceparent=text_or_none(pending.traceparent) or UNSET,
            baggage=_baggage(pending.baggage, entry.id) if traced else UNSET,
            metadata=metadata,
        )
        return [Send(executor.id, forwarded)]

    def _forwarded_id(self, executor: Worker, chosen: str | None) -> str:
        """The caller's own id where it is free and a UUID (Rust reads nothing else), else a fresh one."""
        if chosen is None or chosen in executor.executing or _UUID.fullmatch(chosen) is None:
            return self._ids()
        return chosen

    def _enqueue(
        self, pending: PendingInvocation, message: InvokeFunction, queue: str, namespace: str, data: Raw
    ) -> list[Effect]:
        pending.receipt = self._ids()
        request = EnqueueRequest(
            queue=queue,
            function_id=message.function_id,
            data=data,
            receipt_id=pending.receipt,
            traceparent=text_or_none(message.traceparent),
            baggage=_baggage(message.baggage, message.function_id),
            namespace=UNSET if namespace == DEFAULT_NAMESPACE else namespace,
        )
        provider = self._catalogue.find(DEFAULT_NAMESPACE, ENQUEUE_FUNCTION)
        if provider is None:
            missing = f"Function {ENQUEUE_FUNCTION} not found in namespace {DEFAULT_NAMESPACE}"
            return self.finish(pending, None, ErrorBody("function_not_found", missing))
        return self._start(pending, provider, raw(request), UNSET)

    def _not_found(self, namespace: str, function_id: str) -> ErrorBody:
        text = self._catalogue.missing(namespace, function_id)
        elsewhere = self._catalogue.namespaces_of(function_id)
        if elsewhere:
            text += f" It is registered in namespace(s): {', '.join(elsewhere)}."
        return ErrorBody("function_not_found", text)


def _receipt(receipt: str, error: ErrorBody | None) -> tuple[Raw | None, ErrorBody | None]:
    if error is None:
        return raw({"messageReceiptId": receipt}), None
    if error.code == "function_not_found":
        return None, ErrorBody("enqueue_error", _NO_QUEUE.format(error.message))
    return None, ErrorBody("enqueue_error", f"{error.code}: {error.message}")


def _baggage(baggage: str | UnsetType | None, function_id: str) -> str:
    """The caller's baggage with `iii.function.id` set to the target (wire.md 5.5)."""
    kept = [
        item
        for item in (text_or_none(baggage) or "").split(",")
        if item.strip() and item.split("=", 1)[0].strip() != _BAGGAGE_KEY
    ]
    return ",".join([*kept, f"{_BAGGAGE_KEY}={function_id}"])


def _too_many(function_id: str) -> ErrorBody:
    text = f"{function_id} is refused: {MAX_PENDING_CALLS} calls of this worker wait for an answer already"
    return ErrorBody("too_many_calls", text)


def _too_large(what: str, function_id: str, limit: int) -> ErrorBody:
    text = f"the {what} of {function_id} does not fit the {limit} bytes its receiver takes; send it through a channel"
    return ErrorBody("payload_too_large", text)
