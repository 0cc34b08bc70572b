"""Services, methods, and what the engine knows of them, of two versions."""

from __future__ import annotations

from dataclasses import fields

from iii_bridge.contract.spec import MethodKind, UnknownEnumNames, UnknownMembers
from iii_codegen.model.breaking_changes import Changes
from iii_codegen.model.nodes import Contract, Method, Place, PlacedBinding, Service, Tree

__all__ = ["compare_services"]

_CLIENT_STREAMS = (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM)
_SERVER_STREAMS = (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)


def compare_services(old: Tree, new: Tree, changes: Changes) -> None:
    """Records what changed in the services of a tree's own files."""
    after = {service.full_name: service for file in new.generated_files() for service in file.services}
    for file in old.generated_files():
        for service in file.services:
            found = after.get(service.full_name)
            if found is None:
                place = Place(service.place.file, 1, 1)
                problem = f"service {service.full_name} was deleted"
                changes.add("BRK101", place, service.full_name, problem, service.full_name)
            else:
                _service(service, found, changes)


def _service(old: Service, new: Service, changes: Changes) -> None:
    after = {method.name: method for method in new.methods}
    for method in old.methods:
        found = after.get(method.name)
        if found is None:
            problem = f"method {method.full_name}, function {method.contract.function_id}, was deleted"
            changes.add("BRK102", new.place, method.full_name, problem, method.full_name)
        else:
            _Pair(method, found, changes).compare()


class _Pair:
    """One method in both versions."""

    def __init__(self, old: Method, new: Method, changes: Changes) -> None:
        self._old = old
        self._new = new
        self._changes = changes

    def compare(self) -> None:
        self._signature()
        self._function(self._old.contract, self._new.contract)
        self._timeout(self._old.contract.timeout, self._new.contract.timeout)
        self._policies(self._old.contract, self._new.contract)
        self._bindings(self._old.contract.bindings, self._new.contract.bindings)

    def _add(self, code: str, what: str, old: object, new: object, place: Place | None = None) -> None:
        problem = f"method {self._new.full_name} changed its {what} from {old} to {new}"
        self._changes.add(code, place or self._new.option_place, self._new.full_name, problem, old, new)

    def _signature(self) -> None:
        old, new, place = self._old, self._new, self._new.place
        if old.request != new.request:
            self._add("BRK103", "request type", old.request, new.request, place)
        if old.response != new.response:
            self._add("BRK104", "response type", old.response, new.response, place)
        for code, what, kinds in (("BRK105", "request", _CLIENT_STREAMS), ("BRK106", "response", _SERVER_STREAMS)):
            before, after = (f"a{' stream' if method.kind in kinds else ' single message'}" for method in (old, new))
            if before != after:
                self._add(code, what, before, after, place)
        before, after = old.contract.idempotency.value, new.contract.idempotency.value
        if before != after:
            self._add("BRK107", "idempotency", before, after, place)

    def _function(self, old: Contract, new: Contract) -> None:
        if old.function_id != new.function_id:
            self._add("BRK401", "function id", old.function_id, new.function_id)
        if old.namespace != new.namespace:
            unset = "that of the connection"
            self._add("BRK402", "namespace", old.namespace or unset, new.namespace or unset)
        if old.queue != new.queue:
            self._add("BRK403", "queue", old.queue or "none", new.queue or "none")
        if old.delivery is not new.delivery:
            self._add("BRK404", "delivery", old.delivery.value, new.delivery.value)
        for part in fields(old.json):
            before, after = getattr(old.json, part.name), getattr(new.json, part.name)
            if before is not after:
                self._add("BRK405", f"JSON profile for {part.name}", before.value, after.value)

    def _timeout(self, old: float | None, new: float | None) -> None:
        if old == new:
            return
        shorter = new is not None and (old is None or new < old)
        before, after = ("the caller's default" if value is None else f"{value:g} s" for value in (old, new))
        self._add("BRK406" if shorter else "BRK407", "timeout", before, after)

    def _policies(self, old: Contract, new: Contract) -> None:
        if old.unknown_members is not new.unknown_members:
            was, is_now = old.unknown_members, new.unknown_members
            if UnknownMembers.REJECT in (was, is_now):
                code = "BRK408" if is_now is UnknownMembers.REJECT else "BRK409"
                self._add(code, "policy for unknown members", was.value, is_now.value)
        names = old.unknown_enum_names, new.unknown_enum_names
        if names[0] is not names[1]:
            code = "BRK413" if names[1] is UnknownEnumNames.REJECT else "BRK414"
            self._add(code, "policy for unknown enum names", names[0].value, names[1].value)
        if old.on_violation is not new.on_violation:
            self._add("BRK410", "policy for violations", old.on_violation.value, new.on_violation.value)
        if old.http_endpoint != new.http_endpoint:
            before, after = (item.http_endpoint.url if item.http_endpoint else "a worker" for item in (old, new))
            self._add("BRK411", "endpoint", before, after)
        if dict(old.metadata) != dict(new.metadata):
            keys = sorted(k for k in {*old.metadata, *new.metadata} if old.metadata.get(k) != new.metadata.get(k))
            problem = f"method {self._new.full_name} changed its metadata {', '.join(keys)}"
            self._changes.add("BRK412", self._new.option_place, self._new.full_name, problem)

    def _bindings(self, old: tuple[PlacedBinding, ...], new: tuple[PlacedBinding, ...]) -> None:
        """Bindings are paired by their source; of one source everything else may have changed."""
        before = {_source(item): item for item in old}
        after = {_source(item): item for item in new}
        name = self._new.full_name
        for source, item in before.items():
            if source not in after:
                problem = f"method {name} is no longer bound to {source}"
                self._changes.add("BRK501", self._new.option_place, name, problem, source)
            elif item.spec != after[source].spec:
                problem = f"method {name} changed what its binding to {source} says"
                self._changes.add("BRK502", after[source].place, name, problem, _shown(item), _shown(after[source]))
        for source, item in after.items():
            if source not in before:
                problem = f"method {name} is bound to {source} now"
                self._changes.add("BRK503", item.place, name, problem, "", source)


_SOURCES = ("http_method", "api_path", "topic", "expression", "scope", "key", "stream_name", "group_id", "item_id")


def _source(binding: PlacedBinding) -> str:
    """What triggers it, in words: `http POST /orders`."""
    config = binding.spec.config
    parts = [str(config[name]) for name in _SOURCES if config.get(name) not in (None, "")]
    return " ".join([binding.spec.trigger_type, *parts])


def _shown(binding: PlacedBinding) -> str:
    rest = {name: value for name, value in binding.spec.config.items() if name not in _SOURCES}
    http = binding.spec.http
    parts = [f"{name} {value}" for name, value in sorted(rest.items())]
    if http is not None:
        parts += [f"body {http.body or 'none'}", f"response body {http.response_body or 'whole'}"]
    parts += [f"metadata {name}" for name in sorted(binding.spec.metadata)]
    return ", ".join(parts) or "nothing more"
