"""What is registered, for whoever asks: the `engine::*::list` and `::info` functions (wire.md 8)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.protocol.engine import EngineProtocol
from iii_bridge.protocol.engine_state import Binding, FunctionEntry, TriggerType, Worker
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["Discovery"]

_MOST_IDS = 32
_SUMMARY_CHARS = 80
Row = dict[str, Any]


class _FunctionsQuery(msgspec.Struct):
    search: str | None = None
    prefix: str | None = None
    worker: str | None = None
    workers: list[str] | None = None
    include_internal: bool | None = None


class _FunctionQuery(msgspec.Struct):
    function_id: str | None = None
    function_ids: list[str] | None = None
    namespace: str | None = None


class _TypesQuery(msgspec.Struct):
    search: str | None = None
    prefix: str | None = None
    worker: str | None = None
    include_internal: bool | None = None


class _TypeQuery(msgspec.Struct):
    id: str
    namespace: str | None = None


class _BindingsQuery(msgspec.Struct):
    search: str | None = None
    trigger_type: str | None = None
    function_id: str | None = None
    worker: str | None = None
    include_internal: bool | None = None


class _BindingQuery(msgspec.Struct):
    id: str


class _WorkersQuery(msgspec.Struct):
    search: str | None = None
    runtime: str | None = None
    status: str | None = None


class _WorkerQuery(msgspec.Struct):
    name: str
    namespace: str | None = None


class Discovery:
    """Answers from the machine's tables; changes nothing."""

    def __init__(self, protocol: EngineProtocol) -> None:
        self._protocol = protocol

    def builtins(self) -> list[Builtin]:
        """The eight discovery functions."""
        return [
            Builtin("engine::functions::list", self._functions_list, "List functions"),
            Builtin("engine::functions::info", self._functions_info, "Describe one function, or up to 32"),
            Builtin("engine::triggers::list", self._types_list, "List trigger types"),
            Builtin("engine::triggers::info", self._types_info, "Describe a trigger type"),
            Builtin("engine::registered-triggers::list", self._bindings_list, "List registered triggers"),
            Builtin("engine::registered-triggers::info", self._bindings_info, "Describe a registered trigger"),
            Builtin("engine::workers::list", self._workers_list, "List connected workers"),
            Builtin("engine::workers::info", self._workers_info, "Describe a worker, by name"),
        ]

    # -- functions --------------------------------------------------------------------------

    def functions(self, query: _FunctionsQuery | None = None) -> list[Row]:
        """Function rows, as `engine::functions::list` gives them."""
        asked = query or _FunctionsQuery()
        entries = [e for e in self._protocol.catalogue if asked.include_internal or not _internal(e)]
        if asked.prefix:
            entries = [e for e in entries if e.id.startswith(asked.prefix)]
        names = [name for name in [asked.worker, *(asked.workers or ())] if name]
        if names:
            entries = [e for e in entries if _worker_name(e) in names]
        if asked.search:
            ranked = [(rank, e) for e in entries if (rank := _rank(e, asked.search.lower())) is not None]
            entries = [e for _, e in sorted(ranked, key=lambda pair: pair[0])]
        return [_function_row(e) for e in entries]

    def _functions_list(self, call: BuiltinCall) -> Raw:
        return raw({"functions": self.functions(call.read(_FunctionsQuery))})

    def _functions_info(self, call: BuiltinCall) -> Raw:
        query = call.read(_FunctionQuery)
        if (query.function_id is None) == (query.function_ids is None):
            raise BuiltinFailure("INVALID_ARGUMENTS", "Give either `function_id` or `function_ids`.")
        if query.function_id is not None:
            return raw(self._detail(self._find_function(query.function_id, query.namespace)))
        wanted = list(dict.fromkeys(query.function_ids or ()))
        if len(wanted) > _MOST_IDS:
            text = f"`function_ids` takes at most {_MOST_IDS} ids, got {len(wanted)}."
            raise BuiltinFailure("INVALID_ARGUMENTS", text)
        return raw({"functions": [self._detail_or_error(function_id, query.namespace) for function_id in wanted]})

    def _detail_or_error(self, function_id: str, namespace: str | None) -> Row:
        try:
            return self._detail(self._find_function(function_id, namespace))
        except BuiltinFailure:
            return {"function_id": function_id, "error": "not_found"}

    def _find_function(self, function_id: str, namespace: str | None) -> FunctionEntry:
        """Without a namespace `default` wins, else the only other one (wire.md 8)."""
        catalogue = self._protocol.catalogue
        entry = catalogue.find(namespace or DEFAULT_NAMESPACE, function_id)
        if entry is None and namespace is None:
            others = catalogue.namespaces_of(function_id)
            if len(others) > 1:
                text = f"Function '{function_id}' is registered in namespaces {', '.join(others)}; name one."
                raise BuiltinFailure("INVALID_ARGUMENTS", text)
            entry = catalogue.find(others[0], function_id) if others else None
        if entry is None:
            raise BuiltinFailure("NOT_FOUND", f"Function '{function_id}' is not registered.")
        return entry

    def _detail(self, entry: FunctionEntry) -> Row:
        row = _function_row(entry)
        if entry.request_format is not None:
            row["request_schema"] = entry.request_format
        if entry.response_format is not None:
            row["response_schema"] = entry.response_format
        row["registered_triggers"] = [
            {"id": b.id, "trigger_type": b.trigger_type, "config": b.config}
            for b in self._protocol.triggers.bindings()
            if (b.namespace, b.function_id) == (entry.namespace, entry.id)
        ]
        return row

    # -- trigger types ----------------------------------------------------------------------

    def _types_list(self, call: BuiltinCall) -> Raw:
        query = call.read(_TypesQuery)
        kinds = [
            kind
            for kind in self._protocol.triggers.types()
            if (query.include_internal or not _internal_type(kind))
            and kind.id.startswith(query.prefix or "")
            and (query.search or "").lower() in f"{kind.id}\n{kind.description}".lower()
            and query.worker in (None, _type_worker(kind))
        ]
        return raw({"triggers": [_type_row(kind) for kind in kinds]})

    def _types_info(self, call: BuiltinCall) -> Raw:
        query = call.read(_TypeQuery)
        namespace = query.namespace or DEFAULT_NAMESPACE
        kind = self._protocol.triggers.type(namespace, query.id)
        if kind is None:
            raise BuiltinFailure("NOT_FOUND", f"Trigger type '{query.id}' is not registered in namespace {namespace}.")
        return raw(self._type_detail(kind))

    def _type_detail(self, kind: TriggerType) -> Row:
        row = _type_row(kind)
        schemas = {
            "configuration_schema": kind.configuration_schema,
            "request_schema": kind.request_schema,
            "response_schema": kind.response_schema,
        }
        row.update({name: schema for name, schema in schemas.items() if schema is not None})
        row["instance_count"] = sum(b.provider is kind for b in self._protocol.triggers.bindings())
        return row

    # -- registered triggers ----------------------------------------------------------------

    def _bindings_list(self, call: BuiltinCall) -> Raw:
        query = call.read(_BindingsQuery)
        rows = [
            _binding_row(b)
            for b in self._protocol.triggers.bindings()
            if query.trigger_type in (None, b.trigger_type)
            and query.function_id in (None, b.function_id)
            and query.worker in (None, _owner_name(b))
            and (query.search or "").lower() in f"{b.id}\n{b.trigger_type}\n{b.function_id}".lower()
            and (query.include_internal or not b.function_id.startswith("engine::"))
        ]
        return raw({"registered_triggers": rows})

    def _bindings_info(self, call: BuiltinCall) -> Raw:
        binding_id = call.read(_BindingQuery).id
        binding = self._protocol.triggers.find(binding_id)
        if binding is None or binding.provider is None:
            raise BuiltinFailure("NOT_FOUND", f"Trigger '{binding_id}' is not registered.")
        row = _binding_row(binding)
        del row["config_summary"]
        if binding.metadata is not None:
            row["metadata"] = binding.metadata
        row["trigger"] = self._type_detail(binding.provider)
        function = self._protocol.catalogue.find(binding.namespace, binding.function_id)
        row["function"] = None if function is None else self._detail(function)
        return raw(row)

    # -- workers ----------------------------------------------------------------------------

    def _workers_list(self, call: BuiltinCall) -> Raw:
        query = call.read(_WorkersQuery)
        rows = [self._worker_row(w) for w in self._protocol.workers() if w.details.pid is not None]
        wanted = [
            row
            for row in rows
            if query.runtime in (None, row["runtime"])
            and query.status in (None, row["status"])
            and (query.search or "").lower() in f"{row['name'] or ''}\n{row['description'] or ''}\n{row['id']}".lower()
        ]
        return raw({"workers": wanted})

    def _workers_info(self, call: BuiltinCall) -> Raw:
        query = call.read(_WorkerQuery)
        found = [
            worker
            for worker in self._protocol.workers()
            if worker.details.name == query.name and query.namespace in (None, worker.namespace)
        ]
        if not found:
            raise BuiltinFailure("NOT_FOUND", f"Worker '{query.name}' is not connected.")
        worker = min(found, key=lambda w: w.namespace != DEFAULT_NAMESPACE)
        row = self._worker_row(worker)
        row["internal"] = False
        if worker.details.pid is not None:
            row["pid"] = worker.details.pid
        triggers = self._protocol.triggers
        answer = {
            "worker": row,
            "functions": [_function_row(e) for e in self._protocol.catalogue.of_owner(worker)],
            "trigger_types": [_type_row(kind) for kind in triggers.types() if kind.provider is worker],
            "registered_triggers": [_binding_row(b) for b in triggers.bindings() if b.owner is worker],
        }
        return raw(answer)

    def _worker_row(self, worker: Worker) -> Row:
        details = worker.details
        return {
            "name": details.name,
            "description": details.description,
            "version": details.version,
            "id": worker.id,
            "namespace": worker.namespace,
            "runtime": details.runtime,
            "os": details.os,
            "status": "connected",
            "function_count": len(self._protocol.catalogue.of_owner(worker)),
            "connected_at_ms": worker.connected_at_ms,
            "active_invocations": len(worker.executing) + len(worker.issued),
            "isolation": details.isolation,
            "ip_address": worker.ip_address,
        }


def _internal(entry: FunctionEntry) -> bool:
    """Hidden from lists: the engine's own, and what says `internal: true` (wire.md 8)."""
    if entry.id.startswith("engine::") and not entry.id.startswith("engine::queue::"):
        return True
    if entry.metadata is None:
        return False
    try:
        return msgspec.json.decode(entry.metadata, type=dict[str, Any]).get("internal") is True
    except (msgspec.DecodeError, RecursionError):
        return False


def _internal_type(kind: TriggerType) -> bool:
    """The engine's own, and log records: a real engine lists neither."""
    return kind.provider is None and (kind.id == "log" or kind.id.startswith("engine::"))


def _rank(entry: FunctionEntry, search: str) -> int | None:
    """0 for the start of the id or a whole segment, 1 for anywhere in it, 2 for the description, None for no match."""
    identifier = entry.id.lower()
    if identifier.startswith(search) or search in identifier.split("::"):
        return 0
    if search in identifier:
        return 1
    return 2 if search in (entry.description or "").lower() else None


def _function_row(entry: FunctionEntry) -> Row:
    row: Row = {"function_id": entry.id, "namespace": entry.namespace, "worker_name": _worker_name(entry)}
    if entry.description is not None:
        row["description"] = entry.description
    if entry.metadata is not None:
        row["metadata"] = entry.metadata
    return row


def _worker_name(entry: FunctionEntry) -> str | None:
    return entry.worker_name if entry.owner is None else entry.owner.details.name


def _type_worker(kind: TriggerType) -> str | None:
    return kind.worker_name if kind.provider is None else kind.provider.details.name


def _type_row(kind: TriggerType) -> Row:
    return {
        "id": kind.id,
        "namespace": kind.namespace,
        "worker_name": _type_worker(kind),
        "description": kind.description,
    }


def _owner_name(binding: Binding) -> str | None:
    return None if binding.owner is None else binding.owner.details.name


def _compact(config: Raw) -> str:
    """Without white space and escapes; as it came where no reader takes it: a number beyond every float, say."""
    try:
        return bytes(msgspec.json.encode(msgspec.json.decode(config))).decode()
    except (msgspec.DecodeError, RecursionError):
        return bytes(config).decode("utf-8", "replace")


def _binding_row(binding: Binding) -> Row:
    text = _compact(binding.config)
    return {
        "id": binding.id,
        "trigger_type": binding.trigger_type,
        "function_id": binding.function_id,
        "worker_name": _owner_name(binding),
        "config": binding.config,
        "config_summary": text if len(text) <= _SUMMARY_CHARS else text[:_SUMMARY_CHARS] + "…",
    }
