"""Contracts without generated code: from `.proto` files or descriptors to specs on google.protobuf messages.

What has to speak for any contract it is handed (a gateway, a command line, a
test runner) uses these specs where a worker uses those of its stubs: the same
ids, profiles, bindings and checks, with message classes made at run time. It
needs the extra `codegen`, whose model reads the options.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from iii_bridge.contract.spec import MethodSpec, SchemaTable, ServiceSpec
from iii_bridge.errors import BridgeError
from iii_codegen.compile import Compiled, CompileError, compile_protos, with_libraries
from iii_codegen.emit.jsonschema.files import Exchange, exchange_of, method_schemas
from iii_codegen.emit.python.names import method_names
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import user_files
from iii_codegen.model.nodes import Method, Service, Tree

__all__ = ["Contracts", "ContractsError", "contracts_of_descriptors", "contracts_of_protos"]


class ContractsError(BridgeError):
    """Contracts that cannot be read; the text has a line for each problem, with its place."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """Every service of the files that were read."""

    services: Mapping[str, ServiceSpec]
    """By full name, in the order of the files."""
    message_class: Callable[[str], type[Any]]
    """The class of a message by its full name. Raises KeyError for one the files do not have."""
    exchange: Callable[[str], Exchange]
    """What is written and read on both sides of a method, by its full name. Raises KeyError for others."""
    descriptors: bytes
    """A serialized FileDescriptorSet of everything, dependencies first, without source info."""

    def only(self, service: str) -> Contracts:
        """The same files, and of their services one. Raises KeyError for a name they do not have."""
        return dataclasses.replace(self, services={service: self.services[service]})

    def methods(self) -> Iterator[MethodSpec[Any, Any]]:
        """The methods of every service."""
        for service in self.services.values():
            yield from service.methods


def contracts_of_protos(proto: Path, include: Sequence[Path] = ()) -> Contracts:
    """Compiles every `.proto` below a directory. Raises ContractsError."""
    try:
        compiled = compile_protos(proto, include)
    except CompileError as error:
        raise ContractsError(str(error)) from None
    return _contracts(compiled)


def contracts_of_descriptors(data: bytes) -> Contracts:
    """Reads a serialized FileDescriptorSet that holds its dependencies, but for those of libraries.

    Raises ContractsError.
    """
    try:
        files = FileDescriptorSet.FromString(data).file
    except DecodeError:
        raise ContractsError("the file is no descriptor set; write one with protoc --descriptor_set_out") from None
    names = tuple(file.name for file in files)
    try:
        complete = with_libraries([file.SerializeToString() for file in files])
    except CompileError as error:
        raise ContractsError(str(error)) from None
    return _contracts(Compiled(complete, names))


def _contracts(compiled: Compiled) -> Contracts:
    report = Report()
    tree = build(compiled.files, user_files(compiled.to_generate), report, follow=lambda _: True)
    check(tree, report)
    if report.errors:
        raise ContractsError("\n".join(str(diagnostic) for diagnostic in report.diagnostics))
    files = [_without_source(data) for data in compiled.files]
    classes = _Classes(files)
    schemas: list[SchemaTable] = []

    def table() -> SchemaTable:
        if not schemas:
            schemas.append(method_schemas(tree))
        return schemas[0]

    services = {service.full_name: _service(service, classes, table) for service in _services(tree)}
    methods = {method.full_name: method for service in _services(tree) for method in service.methods}

    def exchange(full_name: str) -> Exchange:
        return exchange_of(tree, methods[full_name])

    return Contracts(services, classes.get, exchange, FileDescriptorSet(file=files).SerializeToString())


def _services(tree: Tree) -> Iterator[Service]:
    for file in tree.generated_files():
        yield from file.services


def _without_source(data: bytes) -> FileDescriptorProto:
    file = FileDescriptorProto.FromString(data)
    file.ClearField("source_code_info")
    return file


class _Classes:
    """Message classes from a pool of their own, so that two contracts of one name do not meet."""

    def __init__(self, files: Sequence[FileDescriptorProto]) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        for file in files:
            self._pool.AddSerializedFile(file.SerializeToString())

    def get(self, full_name: str) -> type[Any]:
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(full_name))


def _service(service: Service, classes: _Classes, schemas: Callable[[], SchemaTable]) -> ServiceSpec:
    names = method_names(method.name for method in service.methods)
    return ServiceSpec(
        full_name=service.full_name,
        methods=tuple(_method(method, names[method.name], classes, schemas) for method in service.methods),
        digest=service.digest,
        namespace=service.namespace or None,
        description=service.description,
    )


def _method(method: Method, name: str, classes: _Classes, schemas: Callable[[], SchemaTable]) -> MethodSpec[Any, Any]:
    contract = method.contract
    return MethodSpec(
        full_name=method.full_name,
        name=name,
        function_id=contract.function_id,
        kind=method.kind,
        request=classes.get(method.request),
        response=classes.get(method.response),
        schemas=schemas,
        description=contract.description,
        namespace=contract.namespace or None,
        metadata=contract.metadata,
        timeout=contract.timeout,
        attempt_timeout=contract.attempt_timeout,
        idempotency=contract.idempotency,
        delivery=contract.delivery,
        queue=contract.queue or None,
        json=contract.json,
        unknown_members=contract.unknown_members,
        unknown_enum_names=contract.unknown_enum_names,
        on_violation=contract.on_violation,
        http_endpoint=contract.http_endpoint,
        bindings=tuple(item.spec for item in contract.bindings),
    )
