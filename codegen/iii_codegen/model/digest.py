"""The digest of a service: equal digests mean equal contracts.

Covered: methods with their resolved options and bindings, and every message
and enum they reach, with names, JSON names, numbers, types and presence. Left
out: comments, descriptions, positions, the order of declarations, file names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum as PythonEnum

from iii_bridge.types import Json
from iii_codegen.model.nodes import Enum, Field, Message, Method, Service

__all__ = ["service_digest"]


def service_digest(service: Service, messages: Mapping[str, Message], enums: Mapping[str, Enum]) -> str:
    """`sha256:<hex>` of a service; the mappings hold every type by full name."""
    roots = [name for method in service.methods for name in (method.request, method.response)]
    canonical = {
        "service": service.full_name,
        "namespace": service.namespace,
        "methods": [_method(method) for method in sorted(service.methods, key=lambda item: item.full_name)],
        "types": _types(roots, messages, enums),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), default=_plain)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _plain(value: PythonEnum | bytes) -> str:
    """Members of enums by value, bytes of rules by their digits; everything else is JSON already."""
    return value.hex() if isinstance(value, bytes) else str(value.value)


def _method(method: Method) -> Json:
    contract = method.contract
    return {
        "name": method.full_name,
        "kind": method.kind,
        "request": method.request,
        "response": method.response,
        "function_id": contract.function_id,
        "metadata": contract.metadata,
        "timeout": contract.timeout,
        "attempt_timeout": contract.attempt_timeout,
        "idempotency": contract.idempotency,
        "delivery": contract.delivery,
        "queue": contract.queue,
        "json": asdict(contract.json),
        "unknown_members": contract.unknown_members,
        "unknown_enum_names": contract.unknown_enum_names,
        "on_violation": contract.on_violation,
        "http_endpoint": asdict(contract.http_endpoint) if contract.http_endpoint else None,
        "bindings": [
            {
                "trigger_type": item.spec.trigger_type,
                "config": item.spec.config,
                "metadata": dict(item.spec.metadata),
                "http": asdict(item.spec.http) if item.spec.http else None,
            }
            for item in contract.bindings
        ],
    }


def _types(roots: list[str], messages: Mapping[str, Message], enums: Mapping[str, Enum]) -> Json:
    found: dict[str, Json] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name in enums:
            found[name] = [[value.number, value.name] for value in sorted(enums[name].values, key=lambda v: v.number)]
            continue
        fields = sorted(messages[name].fields, key=lambda field: field.number)
        found[name] = [*(_field(field) for field in fields), *_whole(messages[name])]
        waiting.extend(field.element.type_name for field in fields if field.element.type_name)
    return found


def _whole(message: Message) -> list[Json]:
    """Rules about several fields; nothing where there are none, so that digests without rules stay what they were."""
    if message.rules is None and not message.required_oneofs:
        return []
    rules = asdict(message.rules) if message.rules is not None else None
    return [{"rules": rules, "required_oneofs": sorted(message.required_oneofs)}]


def _field(field: Field) -> Json:
    rules = {"rules": asdict(field.rules)} if field.rules is not None else {}
    return {
        **rules,
        "number": field.number,
        "name": field.name,
        "json_name": field.json_name,
        "cardinality": field.cardinality,
        "kind": field.element.kind,
        "type": field.element.type_name,
        "key": field.key,
        "presence": field.explicit_presence,
        "oneof": field.oneof,
        "required": field.required,
    }
