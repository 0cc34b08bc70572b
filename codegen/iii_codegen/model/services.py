"""Services and methods of a file, their options resolved."""

from __future__ import annotations

from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto
from google.protobuf.message import Message as ProtoMessage

from iii_bridge.contract.spec import MethodKind
from iii_bridge.types import Json
from iii_codegen.model.contract import MethodOptions, ServiceScope, resolve
from iii_codegen.model.descriptors import Descriptors, OptionError
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.naming import base_name
from iii_codegen.model.nodes import Method, Place, Service
from iii_codegen.model.options import FUNCTION, HTTP, SERVICE, TRIGGER, Options
from iii_codegen.model.sources import Sources

__all__ = ["build_services"]

# Field numbers inside descriptor.proto and of the options, of which source_code_info paths are made.
_FILE_SERVICE, _SERVICE_METHOD, _SERVICE_OPTIONS, _METHOD_OPTIONS = 6, 2, 3, 4
_OWN, _TRIGGER, _HTTP = 51310, 51311, 72295728

_Path = tuple[int, ...]

_KINDS: Final = {
    (False, False): MethodKind.UNARY,
    (True, False): MethodKind.CLIENT_STREAM,
    (False, True): MethodKind.SERVER_STREAM,
    (True, True): MethodKind.BIDI_STREAM,
}


def build_services(
    file: FileDescriptorProto, options: Options, descriptors: Descriptors, sources: Sources, report: Report
) -> tuple[Service, ...]:
    """The services of one file with these options; problems with their own options go to `report`."""
    builder = _ServiceBuilder(file, options, descriptors, sources, report)
    return tuple(builder.build(service, (_FILE_SERVICE, index)) for index, service in enumerate(file.service))


class _ServiceBuilder:
    def __init__(
        self, file: FileDescriptorProto, options: Options, descriptors: Descriptors, sources: Sources, report: Report
    ) -> None:
        self._descriptors = descriptors
        self._sources = sources
        self._report = report
        self._package = file.package
        self._file = options

    def _read(self, options: ProtoMessage, place: Place) -> dict[str, Json]:
        try:
            return dict(self._descriptors.options(options))
        except OptionError as error:
            self._report.add("III010", place, str(error))
            return {}

    def build(self, proto: ServiceDescriptorProto, path: _Path) -> Service:
        place = self._sources.place((*path, 1))
        comment = self._sources.comment(path)
        option_place = self._sources.place((*path, _SERVICE_OPTIONS, _OWN))
        options = Options(self._read(proto.options, option_place).get(SERVICE, {}), option_place)
        full_name = f"{self._package}.{proto.name}".removeprefix(".")
        scope = ServiceScope(
            package=self._package,
            name=proto.name,
            file=self._file,
            service=options,
            metadata=options.metadata(self._report, f"service {proto.name}"),
        )
        return Service(
            full_name=full_name,
            name=proto.name,
            base_name=base_name(proto.name),
            methods=tuple(
                self._method(item, full_name, scope, (*path, _SERVICE_METHOD, index))
                for index, item in enumerate(proto.method)
            ),
            namespace=options.text("namespace") or None,
            description=options.text("description") or comment,
            deprecated=proto.options.deprecated,
            comment=comment,
            place=place,
        )

    def _method(self, proto: MethodDescriptorProto, service: str, scope: ServiceScope, path: _Path) -> Method:
        options_path = (*path, _METHOD_OPTIONS)
        place = self._sources.place((*path, 1))
        comment = self._sources.comment(path)
        read = self._read(proto.options, self._sources.place(options_path))
        has_option = any(key in read for key in (FUNCTION, TRIGGER, HTTP))
        function_place = self._sources.place((*options_path, _OWN)) if FUNCTION in read else place
        request = proto.input_type.removeprefix(".")
        options = MethodOptions(
            name=proto.name,
            request=request,
            comment=comment,
            function=Options(read.get(FUNCTION, {}), function_place),
            http=Options(read[HTTP], self._sources.place((*options_path, _HTTP))) if HTTP in read else None,
            triggers=[
                Options(item, self._sources.place((*options_path, _TRIGGER, index)))
                for index, item in enumerate(read.get(TRIGGER, ()))
            ],
            idempotency=str(read.get("idempotency_level", "")),
        )
        contract = resolve(scope, options, self._report)
        return Method(
            full_name=f"{service}/{proto.name}",
            name=proto.name,
            kind=_KINDS[proto.client_streaming, proto.server_streaming],
            request=request,
            response=proto.output_type.removeprefix("."),
            contract=contract,
            deprecated=proto.options.deprecated,
            comment=comment,
            place=place,
            option_place=function_place if has_option else place,
        )
