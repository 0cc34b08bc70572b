"""The code of one service: a trait to implement, a function that registers it, and a client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from iii_bridge.contract.spec import MethodKind
from iii_codegen.emit.file import Lines
from iii_codegen.emit.rust.literal import option, text
from iii_codegen.emit.rust.names import identifier, message_path, snake_case, upper_camel_case
from iii_codegen.model.nodes import Contract, Method, Service, Tree
from iii_codegen.model.registration import ServiceRegistration

__all__ = ["GLUE", "data_file", "service_code"]

GLUE: Final = "iii_glue"
"""What the support code is called in the modules of packages."""

_SENDS: Final = frozenset({MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM})
_RECEIVES: Final = frozenset({MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM})
_STREAMS: Final = {
    MethodKind.CLIENT_STREAM: ("client_stream", "ClientStream"),
    MethodKind.SERVER_STREAM: ("server_stream", "ServerStream"),
    MethodKind.BIDI_STREAM: ("bidi_stream", "BidiStream"),
}
"""What the support code has for each kind: a function on both sides, and a type of call."""
_NONE: Final = "::core::option::Option::None"
_CONSTRUCTOR: Final = "new"


def data_file(service: Service) -> str:
    """The file beside the code that holds what is registered."""
    return f"{snake_case(service.name).removeprefix('r#')}.json"


def service_code(tree: Tree, service: Service, registration: ServiceRegistration, package: str) -> Lines:
    """Everything of a service that is Rust."""
    return _Writer(tree, service, registration, package).code()


class _Writer:
    def __init__(self, tree: Tree, service: Service, registration: ServiceRegistration, package: str) -> None:
        self._tree = tree
        self._service = service
        self._registration = registration
        self._package = package
        self._names = _method_names(service)
        self._base = snake_case(service.base_name).removeprefix("r#")

    def code(self) -> Lines:
        lines = Lines()
        for method in self._service.methods:
            lines.add("")
            lines.extend(self._method(method))
        for block in (self._trait(), self._register(), self._client()):
            lines.add("")
            lines.extend(block)
        return lines

    # --- what is known of the methods ----------------------------------------

    def _static(self, method: Method) -> str:
        return f"{self._base}_{self._names[method.name].removeprefix('r#')}".upper()

    def _required(self) -> str:
        return f"{self._base}_required".upper()

    def _method(self, method: Method) -> Lines:
        lines = Lines()
        contract = method.contract
        head = f"static {self._static(method)}: {GLUE}::Method = {GLUE}::Method {{"
        with lines.indented(head, "};"):
            lines.add(
                f"full_name: {text(method.full_name)},",
                f"function_id: {text(contract.function_id)},",
                f"request: {text(method.request)},",
                f"response: {text(method.response)},",
                f"namespace: {_optional_text(contract.namespace)},",
                f"timeout_ms: {_milliseconds(contract.timeout)},",
                f"delivery: {GLUE}::Delivery::{_variant(contract.delivery.value)},",
                f"queue: {_optional_text(contract.queue)},",
            )
            lines.extend(_profile(contract))
            lines.add(
                f"unknown_members: {GLUE}::UnknownMembers::{_variant(contract.unknown_members.value)},",
                f"unknown_enum_names: {GLUE}::UnknownEnumNames::{_variant(contract.unknown_enum_names.value)},",
                f"acknowledges_violations: {'true' if contract.on_violation.value == 'ack_and_log' else 'false'},",
                f"required: {self._required()},",
            )
        return lines

    def _required_static(self) -> Lines:
        lines = Lines()
        name = self._required()
        with lines.indented(f"static {name}: &[(&str, &[&str])] = &[", "];"):
            for message, fields in self._registration.required.items():
                listed = ", ".join(text(field) for field in fields)
                lines.add(f"({text(message)}, &[{listed}]),")
        return lines

    # --- what is used ----------------------------------------------------------

    def _message(self, full_name: str) -> str:
        return message_path(self._tree, full_name, self._package)

    @property
    def _served(self) -> list[Method]:
        """What a worker implements: the engine invokes the others over HTTP."""
        return [method for method in self._service.methods if method.contract.http_endpoint is None]

    @property
    def _trait_name(self) -> str:
        return upper_camel_case(self._service.name)

    def _trait(self) -> Lines:
        lines = self._required_static()
        lines.add("")
        lines.add(*_doc(self._service.comment or f"The methods of `{self._service.full_name}`, for a worker."))
        head = f"pub trait {self._trait_name}: ::core::marker::Send + ::core::marker::Sync + 'static {{"
        with lines.indented(head, "}"):
            for method in self._served:
                lines.add(*_doc(method.comment))
                with lines.indented(f"fn {self._names[method.name]}("):
                    lines.add("&self,", *self._parameters(method))
                answered = "()" if method.kind in _RECEIVES else self._message(method.response)
                result = f"::core::result::Result<{answered}, {GLUE}::Error>"
                lines.add(
                    f") -> impl ::core::future::Future<Output = {result}>",
                    "       + ::core::marker::Send;",
                )
        return lines

    def _parameters(self, method: Method) -> Iterator[str]:
        request, response = self._message(method.request), self._message(method.response)
        yield f"requests: {GLUE}::Requests<{request}>," if method.kind in _SENDS else f"request: {request},"
        if method.kind in _RECEIVES:
            yield f"responses: {GLUE}::Sender<{response}>,"
        yield f"context: &{GLUE}::Context,"

    def _register(self) -> Lines:
        lines = Lines()
        lines.add(*_doc(f"Registers every function and every binding of `{self._service.full_name}`."))
        with lines.indented(f"pub async fn register_{self._base}<S: {self._trait_name}>("):
            lines.add(
                "iii: &::iii_sdk::IIIClient,",
                "service: S,",
                f"options: {GLUE}::ServeOptions,",
            )
        with lines.indented(f") -> ::core::result::Result<{GLUE}::Served, {GLUE}::Error> {{", "}"):
            lines.add("let service = ::std::sync::Arc::new(service);")
            with lines.indented("let methods = ::std::vec![", "];"):
                for method in self._served:
                    lines.extend(self._handler(method))
            lines.add(f"let registration = include_str!({text(data_file(self._service))});")
            with lines.indented(f"{GLUE}::Registrar::new(iii, registration, options)"):
                lines.add(".serve(methods)", ".await")
        return lines

    def _handler(self, method: Method) -> Lines:
        lines = Lines()
        with lines.indented("{", "},"):
            lines.add("let service = ::std::sync::Arc::clone(&service);")
            given = ["requests" if method.kind in _SENDS else "request"]
            given += ["responses"] if method.kind in _RECEIVES else []
            made = "handler(" if method.kind is MethodKind.UNARY else f"{_STREAMS[method.kind][0]}(iii, "
            taken = ", ".join([*given, f"context: {GLUE}::Context"])
            with lines.indented(f"{GLUE}::{made}&{self._static(method)}, move |{taken}| {{", "})"):
                passed = ", ".join([*given, "&context"])
                lines.add(
                    "let service = ::std::sync::Arc::clone(&service);",
                    f"async move {{ service.{self._names[method.name]}({passed}).await }}",
                )
        return lines

    def _client(self) -> Lines:
        name = f"{upper_camel_case(self._service.base_name)}Client"
        lines = Lines()
        lines.add(*_doc(f"Calls `{self._service.full_name}`."), "#[derive(Clone)]")
        with lines.indented(f"pub struct {name} {{", "}"):
            lines.add(f"caller: {GLUE}::Caller,")
        lines.add("")
        with lines.indented(f"impl {name} {{", "}"):
            with lines.indented(f"pub fn {_CONSTRUCTOR}(iii: &::iii_sdk::IIIClient) -> Self {{", "}"):
                lines.add(f"let caller = {GLUE}::Caller::new(iii);", "Self { caller }")
            for method in self._service.methods:
                lines.add("")
                lines.extend(self._call(method))
        return lines

    def _call(self, method: Method) -> Lines:
        lines = Lines()
        request, response = self._message(method.request), self._message(method.response)
        lines.add(*_doc(method.comment))
        called, kind = _STREAMS.get(method.kind, ("call", ""))
        types = f"{request}, {response}"
        result = f"{GLUE}::StreamCall<{GLUE}::{kind}<{types}>>" if kind else f"{GLUE}::Call<{types}>"
        takes, passes = ("", "") if method.kind in _SENDS else (f", request: {request}", ", request")
        with lines.indented(f"pub fn {self._names[method.name]}(&self{takes}) -> {result} {{", "}"):
            lines.add(f"self.caller.{called}(&{self._static(method)}{passes})")
        return lines


def _method_names(service: Service) -> Mapping[str, str]:
    """Two methods that would get one name keep the names they were written with."""
    short = {method.name: snake_case(method.name) for method in service.methods}
    met = Counter(short.values())
    found = {name: snake if met[snake] == 1 else identifier(name) for name, snake in short.items()}
    return {name: f"{made}_" if made == _CONSTRUCTOR else made for name, made in found.items()}


def _profile(contract: Contract) -> Lines:
    lines = Lines()
    profile = contract.json
    with lines.indented(f"json: {GLUE}::Profile {{", "},"):
        lines.add(
            f"names: {GLUE}::Names::{_variant(profile.names.value)},",
            f"int64: {GLUE}::Int64::{_variant(profile.int64.value)},",
            f"enums: {GLUE}::Enums::{_variant(profile.enums.value)},",
            f"defaults: {GLUE}::Defaults::{_variant(profile.defaults.value)},",
        )
    return lines


def _variant(value: str) -> str:
    return value.capitalize()


def _optional_text(value: str | None) -> str:
    return _NONE if value is None else f"::core::option::Option::{option(text(value))}"


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return _NONE
    return f"::core::option::Option::{option(str(max(1, round(seconds * 1000))))}"


def _doc(comment: str) -> list[str]:
    return [f"/// {line}".rstrip() for line in comment.splitlines()]
