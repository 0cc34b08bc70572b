"""The module a user imports: for each service a client, an interface to implement, and a function that registers it."""

from __future__ import annotations

from collections.abc import Iterator

from iii_codegen.emit.file import Lines, header
from iii_codegen.emit.typescript.literal import documentation, text
from iii_codegen.emit.typescript.names import import_path, method_name, service_constant, stem
from iii_codegen.model.nodes import File, Method, Service

__all__ = ["REGISTRY", "RUNTIME", "glue_module"]

RUNTIME = "iii_bridge/runtime"
"""The directory of the support code."""

REGISTRY = "iii_bridge/registry"
"""The module that knows every generated message, for `google.protobuf.Any`."""


def glue_module(file: File, extension: str) -> str:
    """The text of the module of one file."""
    own = f"{stem(file.path)}_iii"
    lines = Lines()
    lines.add(f"// {header(file.path)}", "/* eslint-disable */", "")
    lines.add(f"import * as bridge from {text(import_path(own, f'{RUNTIME}/index', extension))};")
    lines.add(f"import {{ registry }} from {text(import_path(own, REGISTRY, extension))};")
    lines.add(f"import * as contracts from {text(import_path(own, f'{own}_contract', extension))};")
    lines.add(f"import * as pb from {text(import_path(own, f'{stem(file.path)}_pb', extension))};")
    for service in file.services:
        lines.add("")
        _service(lines, service)
    return "\n".join(lines.all()) + "\n"


def _service(lines: Lines, service: Service) -> None:
    base = service.base_name
    descriptor = f"pb.{service_constant(service.name)}"
    comment = service.comment or f"The service {service.full_name}."
    lines.add(f'type {base}Methods = (typeof {descriptor})["method"];', "")
    made = f"new bridge.Service(contracts.{base}Contract, {descriptor}.method, registry)"
    lines.add(f"const {base}Service = {made};", "")
    lines.add(*documentation(comment, "", "To be implemented by a worker."))
    with lines.indented(f"export interface {base}Implementation {{", "}"):
        for method in _implemented(service):
            lines.add(*documentation(method.comment))
            lines.add(f"{method_name(method.name)}: bridge.Implements<{_method(base, method)}>;")
    lines.add("", *documentation(comment, "", "To be called."))
    with lines.indented(f"export class {base}Client {{", "}"):
        for method in service.methods:
            lines.add(*documentation(method.comment))
            lines.add(f"readonly {method_name(method.name)}: bridge.Call<{_method(base, method)}>;")
        lines.add("")
        with lines.indented("constructor(worker: bridge.Worker) {", "}"):
            for method in service.methods:
                name = method_name(method.name)
                checks = f"{base}Service.checks({text(name)})"
                lines.add(f"this.{name} = bridge.call<{_method(base, method)}>(worker, {checks});")
    lines.add("", f"/** Serves {service.full_name}: resolves once its functions are registered and bound. */")
    with lines.indented(f"export function register{base}("):
        lines.add(
            "worker: bridge.Worker,", f"implementation: {base}Implementation,", "options: bridge.ServeOptions = {},"
        )
    with lines.indented("): Promise<bridge.Registration> {", "}"):
        lines.add(f"return bridge.register({base}Service, worker, implementation, options);")


def _implemented(service: Service) -> Iterator[Method]:
    """Nobody here implements what the engine invokes over HTTP."""
    return (method for method in service.methods if method.contract.http_endpoint is None)


def _method(base: str, method: Method) -> str:
    return f"{base}Methods[{text(method_name(method.name))}]"
