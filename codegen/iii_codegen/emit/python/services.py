"""Services as specs, clients and bases to implement."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from iii_bridge.contract.spec import (
    BindingSpec,
    Defaults,
    Delivery,
    Enums,
    HttpEndpointSpec,
    Idempotency,
    Int64,
    JsonProfile,
    MethodKind,
    Names,
    OnViolation,
    UnknownEnumNames,
    UnknownMembers,
)
from iii_codegen.emit.file import Lines
from iii_codegen.emit.ident import Escaper
from iii_codegen.emit.python import types
from iii_codegen.emit.python.literal import docstring, literal, text
from iii_codegen.emit.python.module import ABC, ABI, COLLECTIONS, Module
from iii_codegen.emit.python.names import method_names
from iii_codegen.model.nodes import Contract, Method, Service

__all__ = ["ServiceWriter"]

_BASE: Final = Escaper(())

_DECLARATION: Final = {
    MethodKind.UNARY: "Unary",
    MethodKind.CLIENT_STREAM: "ClientStream",
    MethodKind.SERVER_STREAM: "ServerStream",
    MethodKind.BIDI_STREAM: "BidiStream",
}

_Setting = tuple[str, str]


class ServiceWriter:
    """Writes the services of one module."""

    def __init__(self, module: Module, names: types.Names) -> None:
        self._module = module
        self._names = names
        self._abi = ""

    def service(self, service: Service) -> Lines:
        """The methods, the spec, two clients and two bases."""
        self._abi = self._module.use(ABI)
        base = _BASE.escape(service.base_name)
        python = method_names(method.name for method in service.methods)
        comment = service.comment or f"The service {service.full_name}."
        outer = self._names.enter(python.values())
        lines = self._methods(service, base, python)
        self._spec(lines, service, base, python)
        for name, stub in ((f"{base}Client", "AsyncStub"), (f"{base}ClientSync", "SyncStub")):
            with _class(lines, f"class {name}(_{base}Methods, {self._abi}.{stub}):"):
                lines.add(*docstring(comment), "", f"_methods = _{base}Spec")
            self._module.exports.append(name)
        for name, parent, blocking in (
            (f"{base}Service", "Service", False),
            (f"{base}ServiceSync", "ServiceSync", True),
        ):
            with _class(lines, f"class {name}({self._abi}.{parent}, {self._module.use(ABC)}.ABC):"):
                lines.add(*docstring(comment), "", f"_service = _{base}Spec")
                lines.add(f"_clients = ({base}Client, {base}ClientSync)")
                for method in service.methods:
                    if method.contract.http_endpoint is None:  # nobody here implements the others
                        self._abstract(lines, method, python[method.name], blocking)
            self._module.exports.append(name)
        self._names.leave(outer)
        return lines

    def _methods(self, service: Service, base: str, python: dict[str, str]) -> Lines:
        lines = Lines()
        with lines.indented(f"class _{base}Methods:"):
            for method in service.methods:
                with (
                    lines.indented(f"{python[method.name]} = {self._abi}.{_DECLARATION[method.kind]}(", ")"),
                    lines.indented(f"{self._abi}.MethodSpec(", ")"),
                ):
                    lines.add(*(f"{name}={value}," for name, value in self._settings(method, python[method.name])))
                    if method.contract.bindings:
                        with lines.indented("bindings=(", "),"):
                            lines.add(*(f"{self._binding(item.spec)}," for item in method.contract.bindings))
                lines.add(*docstring(method.comment))
            if not service.methods:
                lines.add("pass")
        return lines

    def _settings(self, method: Method, name: str) -> list[_Setting]:
        contract, abi = method.contract, self._abi
        return [
            ("full_name", text(method.full_name)),
            ("name", text(name)),
            ("function_id", text(contract.function_id)),
            ("kind", f"{abi}.MethodKind.{method.kind.name}"),
            ("request", self._names.type(method.request)),
            ("response", self._names.type(method.response)),
            ("schemas", "_schemas"),
            *self._optional_settings(contract),
        ]

    def _optional_settings(self, contract: Contract) -> list[_Setting]:
        """What differs from the defaults of MethodSpec."""
        abi = self._abi
        settings = [
            ("description", contract.description and text(contract.description)),
            ("namespace", contract.namespace and text(contract.namespace)),
            ("metadata", literal(contract.metadata) if contract.metadata else ""),
            ("timeout", _number(contract.timeout)),
            ("attempt_timeout", _number(contract.attempt_timeout)),
            ("idempotency", _choice(abi, contract.idempotency, Idempotency.UNKNOWN)),
            ("delivery", _choice(abi, contract.delivery, Delivery.SYNC)),
            ("queue", contract.queue and text(contract.queue)),
            ("json", self._profile(contract.json)),
            ("unknown_members", _choice(abi, contract.unknown_members, UnknownMembers.IGNORE)),
            ("unknown_enum_names", _choice(abi, contract.unknown_enum_names, UnknownEnumNames.REJECT)),
            ("on_violation", _choice(abi, contract.on_violation, OnViolation.ERROR)),
            ("http_endpoint", contract.http_endpoint and self._endpoint(contract.http_endpoint)),
        ]
        return [(name, value) for name, value in settings if value]

    def _profile(self, profile: JsonProfile) -> str:
        parts = [
            ("names", _choice(self._abi, profile.names, Names.JSON)),
            ("int64", _choice(self._abi, profile.int64, Int64.STRING)),
            ("enums", _choice(self._abi, profile.enums, Enums.NAME)),
            ("defaults", _choice(self._abi, profile.defaults, Defaults.EMIT)),
        ]
        written = ", ".join(f"{name}={value}" for name, value in parts if value)
        return f"{self._abi}.JsonProfile({written})" if written else ""

    def _binding(self, binding: BindingSpec) -> str:
        parts = [f"trigger_type={text(binding.trigger_type)}", f"config={literal(binding.config)}"]
        if binding.metadata:
            parts.append(f"metadata={literal(binding.metadata)}")
        rule = binding.http
        if rule is not None:
            values = [rule.method, rule.template, rule.body, rule.response_body, rule.path_fields]
            parts.append(f"http={self._abi}.HttpRule({', '.join(literal(value) for value in values)})")
        return f"{self._abi}.BindingSpec({', '.join(parts)})"

    def _endpoint(self, endpoint: HttpEndpointSpec) -> str:
        parts = [f"url={text(endpoint.url)}", f"method={text(endpoint.method)}"]
        if endpoint.timeout is not None:
            parts.append(f"timeout={_number(endpoint.timeout)}")
        if endpoint.headers:
            parts.append(f"headers={literal(endpoint.headers)}")
        if endpoint.auth is not None:
            auth = endpoint.auth
            header = f", header={text(auth.header)}" if auth.header else ""
            parts.append(f"auth={self._abi}.HttpAuth(kind={text(auth.kind)}, env={text(auth.env)}{header})")
        return f"{self._abi}.HttpEndpointSpec({', '.join(parts)})"

    def _spec(self, lines: Lines, service: Service, base: str, python: dict[str, str]) -> None:
        lines.add("", "")
        with lines.indented(f"_{base}Spec = {self._abi}.ServiceSpec(", ")"):
            lines.add(f"full_name={text(service.full_name)},")
            with lines.indented("methods=(", "),"):
                lines.add(*(f"_{base}Methods.{python[method.name]}.method," for method in service.methods))
            lines.add(f"digest={text(service.digest)},")
            if service.namespace:
                lines.add(f"namespace={text(service.namespace)},")
            if service.description:
                lines.add(f"description={text(service.description)},")

    def _abstract(self, lines: Lines, method: Method, name: str, blocking: bool) -> None:
        abc, abi = self._module.use(ABC), self._abi
        request, response = self._names.type(method.request), self._names.type(method.response)
        prefix = "" if blocking else "Async"
        streams = method.kind in (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)
        if method.kind in (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM):
            request = f"{self._module.use(COLLECTIONS)}.{prefix}Iterator[{request}]"
        if streams:
            response = f"{self._module.use(COLLECTIONS)}.{prefix}Iterator[{response}]"
        keyword = "def" if blocking or streams else "async def"
        lines.add("", f"@{abc}.abstractmethod")
        with lines.indented(f"{keyword} {name}(self, request: {request}, context: {abi}.Context, /) -> {response}:"):
            lines.add(*(docstring(method.comment) or ["..."]))


def _class(lines: Lines, opening: str) -> AbstractContextManager[None]:
    lines.add("", "")
    return lines.indented(opening)


def _choice(abi: str, value: object, default: object) -> str:
    return "" if value is default else f"{abi}.{value}"


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)
