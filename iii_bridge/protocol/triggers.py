"""The engine's trigger registry: types, bindings, parking, rehoming, failover (wire.md 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import UNSET, UnsetType

from iii_bridge.protocol.catalogue import blank_namespace, raw_or_none
from iii_bridge.protocol.engine_effects import (
    BindTrigger,
    Effect,
    Note,
    Send,
    TriggerAnswered,
    TriggerRemoved,
    UnbindTrigger,
)
from iii_bridge.protocol.engine_state import Binding, TriggerType, Worker
from iii_bridge.wire.codec import NULL
from iii_bridge.wire.limits import DEFAULT_NAMESPACE, MAX_TRIGGER_TYPES, MAX_TRIGGERS
from iii_bridge.wire.messages import (
    ErrorBody,
    RegisterTrigger,
    RegisterTriggerType,
    TriggerRegistrationResult,
    UnregisterTrigger,
)

__all__ = ["REGISTRATION_FAILED", "Triggers"]

REGISTRATION_FAILED = "trigger_registration_failed"
"""The code of every refused trigger (wire.md 3.5)."""


class Triggers:
    """Bindings by id, trigger types by (namespace, id).

    `not_carried` maps trigger types this engine knows of but does not carry to
    the text that refuses them; a worker that provides one lifts the refusal.
    """

    def __init__(self, not_carried: Mapping[str, str] | None = None) -> None:
        self._types: dict[tuple[str, str], TriggerType] = {}
        self._builtin: dict[str, TriggerType] = {}
        self._bindings: dict[str, Binding] = {}
        self._not_carried = dict(not_carried or {})

    def add_builtin(self, kind: TriggerType) -> None:
        """Adds a trigger type the engine itself provides, in namespace `default`."""
        self._builtin[kind.id] = kind

    def types(self) -> list[TriggerType]:
        """Every trigger type with a provider, sorted by id."""
        kinds = [*self._types.values(), *(k for k in self._builtin.values() if (k.namespace, k.id) not in self._types)]
        return sorted(kinds, key=lambda kind: (kind.id, kind.namespace))

    def type(self, namespace: str, type_id: str) -> TriggerType | None:
        """The provider of a trigger type in exactly this namespace."""
        kind = self._types.get((namespace, type_id))
        if kind is None and namespace == DEFAULT_NAMESPACE:
            return self._builtin.get(type_id)
        return kind

    def bindings(self) -> list[Binding]:
        """Every binding with a provider, in the order of registration; parked ones are left out (wire.md 8)."""
        return [binding for binding in self._bindings.values() if binding.provider is not None]

    def find(self, binding_id: str) -> Binding | None:
        """A binding by its id, parked or not."""
        return self._bindings.get(binding_id)

    def register(self, worker: Worker | None, namespace: str, message: RegisterTrigger) -> list[Effect]:
        """Binds, or parks until a provider comes. An id that is known is replaced (wire.md 3.4)."""
        for member in ("namespace", "trigger_namespace"):
            value: str | UnsetType | None = getattr(message, member)
            if isinstance(value, str) and not value.strip():
                return _not_taken(worker, message, blank_namespace(member))
        if len(self._bindings) >= MAX_TRIGGERS and message.id not in self._bindings:
            text = f"{MAX_TRIGGERS} triggers are registered already; remove some"
            return _not_taken(worker, message, ErrorBody(REGISTRATION_FAILED, text))
        effects = self.unregister(message.id)
        binding = Binding(
            id=message.id,
            trigger_type=message.trigger_type,
            function_id=message.function_id,
            config=NULL if message.config is UNSET else message.config,
            metadata=raw_or_none(message.metadata),
            namespace=message.namespace or DEFAULT_NAMESPACE,
            trigger_namespace=message.trigger_namespace or None,
            owner=worker,
            home=namespace,
        )
        self._bindings[binding.id] = binding
        effects += self._attach(binding)
        refused = self._not_carried.get(binding.trigger_type) if binding.provider is None else None
        if refused is not None:
            effects += self.refuse(binding.id, refused)
        return effects

    def unregister(self, binding_id: str) -> list[Effect]:
        """Removes a binding, whoever registered it (wire.md 3.6)."""
        binding = self._bindings.pop(binding_id, None)
        if binding is None:
            return []
        return [*_detach(binding), *([TriggerRemoved(binding_id)] if binding.owner is None else [])]

    def register_type(self, worker: Worker, namespace: str, message: RegisterTriggerType) -> list[Effect]:
        """Records a provider and hands it every binding that resolves to it (wire.md 3.3)."""
        named = message.namespace
        if isinstance(named, str) and not named.strip():
            return [Note(f"trigger type {message.id} was refused: its namespace is blank")]
        key = (named or namespace, message.id)
        if len(self._types) >= MAX_TRIGGER_TYPES and key not in self._types:
            return [Note(f"trigger type {message.id} is left out: {MAX_TRIGGER_TYPES} are registered already")]
        before = self.type(*key)
        self._types[key] = TriggerType(
            namespace=key[0],
            id=message.id,
            description=message.description,
            provider=worker,
            configuration_schema=raw_or_none(message.trigger_request_format),
            request_schema=raw_or_none(message.call_request_format),
        )
        return self._rebind(binding for binding in self._bindings.values() if self._affected(binding, key, before))

    def unregister_type(self, worker: Worker, namespace: str, type_id: str) -> list[Effect]:
        """Drops a provider, if this worker is it; its bindings fail over or are parked."""
        kind = self._types.get((namespace, type_id))
        if kind is None or kind.provider is not worker:
            return []
        return self._drop_type(kind)

    def answered(self, worker: Worker, message: TriggerRegistrationResult) -> list[Effect]:
        """A provider's verdict. One from anybody but the provider is ignored (wire.md 3.5)."""
        binding = self._bindings.get(message.id)
        if binding is None or binding.provider is None or binding.provider.provider is not worker:
            return []
        error = message.error or None
        if error is None:
            return [TriggerAnswered(binding.id, None)]
        text = error.message if error.code == REGISTRATION_FAILED else f"{error.code}: {error.message}"
        return self.refuse(binding.id, text)

    def refuse(self, binding_id: str, text: str) -> list[Effect]:
        """The provider said no: the binding is parked and its owner told."""
        binding = self._bindings.get(binding_id)
        if binding is None:
            return []
        binding.provider = None
        error = ErrorBody(REGISTRATION_FAILED, text)
        return [TriggerAnswered(binding.id, error), *_refusal(binding.owner, binding, error)]

    def remove_worker(self, worker: Worker) -> list[Effect]:
        """Takes out the bindings and the trigger types of a worker that has gone (wire.md 2.5)."""
        effects: list[Effect] = []
        for binding in [b for b in self._bindings.values() if b.owner is worker]:
            effects += self.unregister(binding.id)
        for kind in [k for k in self._types.values() if k.provider is worker]:
            effects += self._drop_type(kind)
        return effects

    def _drop_type(self, kind: TriggerType) -> list[Effect]:
        self._types.pop((kind.namespace, kind.id), None)
        bound = [binding for binding in self._bindings.values() if binding.provider is kind]
        effects: list[Effect] = []
        for binding in bound:
            binding.provider = None
            effects += self._attach(binding)
        return effects

    def _affected(self, binding: Binding, key: tuple[str, str], before: TriggerType | None) -> bool:
        """Is this binding served by the new provider at `key`, and was it not before?"""
        if binding.trigger_type != key[1] or key not in self._lookup_keys(binding):
            return False
        found = self._lookup(binding)
        return found is not None and (found.namespace, found.id) == key and (found is not before)

    def _rebind(self, bindings: Iterable[Binding]) -> list[Effect]:
        effects: list[Effect] = []
        for binding in list(bindings):
            effects += _detach(binding)
            binding.provider = None
            effects += self._attach(binding)
        return effects

    def _lookup_keys(self, binding: Binding) -> list[tuple[str, str]]:
        if binding.trigger_namespace is not None:
            return [(binding.trigger_namespace, binding.trigger_type)]
        return [(binding.home, binding.trigger_type), (DEFAULT_NAMESPACE, binding.trigger_type)]

    def _lookup(self, binding: Binding) -> TriggerType | None:
        kinds = (self.type(*key) for key in self._lookup_keys(binding))
        return next((kind for kind in kinds if kind is not None), None)

    def _attach(self, binding: Binding) -> list[Effect]:
        kind = self._lookup(binding)
        binding.provider = kind
        if kind is None:
            return [Note(f"trigger {binding.id} waits for a provider of trigger type {binding.trigger_type}")]
        if kind.provider is None:
            return [BindTrigger(binding)]
        return [Send(kind.provider.id, _delivered(binding))]


def _detach(binding: Binding) -> list[Effect]:
    kind = binding.provider
    if kind is None:
        return []
    if kind.provider is None:
        return [UnbindTrigger(binding)]
    if kind.provider.gone:
        return []
    return [Send(kind.provider.id, UnregisterTrigger(id=binding.id, trigger_type=binding.trigger_type))]


def _delivered(binding: Binding) -> RegisterTrigger:
    """The binding as its provider gets it: namespaces are left out when `default` (wire.md 3.4)."""
    explicit = binding.trigger_namespace
    return RegisterTrigger(
        id=binding.id,
        trigger_type=binding.trigger_type,
        function_id=binding.function_id,
        config=binding.config,
        metadata=UNSET if binding.metadata is None else binding.metadata,
        namespace=UNSET if binding.namespace == DEFAULT_NAMESPACE else binding.namespace,
        trigger_namespace=UNSET if explicit in (None, DEFAULT_NAMESPACE) else explicit,
    )


def _not_taken(worker: Worker | None, message: RegisterTrigger, error: ErrorBody) -> list[Effect]:
    return [TriggerAnswered(message.id, error), *_refusal(worker, message, error)]


def _refusal(worker: Worker | None, trigger: Binding | RegisterTrigger, error: ErrorBody) -> list[Effect]:
    if worker is None or worker.gone:
        return []
    answer = TriggerRegistrationResult(
        id=trigger.id, trigger_type=trigger.trigger_type, function_id=trigger.function_id, error=error
    )
    return [Send(worker.id, answer)]
