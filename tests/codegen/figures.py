"""How good the contract tools are, in numbers: `python -m tests.codegen.figures` prints one line of JSON.

Breaks are planted, one at a time, wherever there is a place for them in contracts that are in use here; changes that
break nobody likewise. Imports go from the schemas of functions to contracts, and back.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodOptions,
)

from iii_bridge.contract.compat import Sides, Verdict, compare_function
from iii_bridge.dynamic import contracts_of_protos
from iii_codegen.compile import Compiled, compile_protos
from iii_codegen.importing.contract import import_functions
from iii_codegen.importing.reflected import reflected_files
from iii_codegen.model.breaking import breaking
from iii_codegen.model.build import build
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import user_files
from iii_codegen.model.nodes import Tree
from tests.codegen.importing.test_round_trip import functions_of
from tests.codegen.support import write_sources
from tests.meta.source import ROOT

CORPUS = (ROOT / "proto", ROOT / "tests/bridge/proto")
Change = Callable[[], object]
Field = FieldDescriptorProto


def tree_of(files: Sequence[bytes], names: Sequence[str]) -> Tree:
    """The model of serialized files."""
    return build(list(files), user_files(names), Report(), follow=lambda _: True)


def breaks_in(fields: DescriptorProto, field: Field) -> Iterator[tuple[str, Change]]:
    """Everything that can be done to one field and breaks somebody."""
    yield "field deleted", lambda: fields.field.remove(field)
    yield "field renamed", lambda: setattr(field, "name", f"{field.name}_renamed")
    yield "JSON name changed", lambda: setattr(field, "json_name", f"{field.json_name}Renamed")
    yield "number changed", lambda: setattr(field, "number", field.number + 1000)
    if field.type in (Field.TYPE_STRING, Field.TYPE_INT64, Field.TYPE_INT32, Field.TYPE_BOOL, Field.TYPE_DOUBLE):
        other = Field.TYPE_BOOL if field.type != Field.TYPE_BOOL else Field.TYPE_STRING
        yield "type changed", lambda: setattr(field, "type", other)
    if field.label == Field.LABEL_OPTIONAL and not field.HasField("oneof_index"):
        yield "made repeated", lambda: setattr(field, "label", Field.LABEL_REPEATED)
    if field.HasField("oneof_index") and not field.proto3_optional:
        yield "taken out of its oneof", lambda: field.ClearField("oneof_index")


def messages(items: Any) -> Iterator[DescriptorProto]:
    """Every message that is not the entry of a map."""
    for item in items:
        if not item.options.map_entry:
            yield item
            yield from messages(item.nested_type)


def plants(file: FileDescriptorProto) -> Iterator[tuple[str, Change]]:
    """Every break there is a place for in a file; each is a change to that file."""
    for message in messages(file.message_type):
        for field in list(message.field):
            yield from breaks_in(message, field)
    for enum in file.enum_type:
        for value in list(enum.value):
            if value.number:
                yield "enum value deleted", lambda enum=enum, value=value: enum.value.remove(value)
            yield "enum value renamed", lambda value=value: setattr(value, "name", f"{value.name}_RENAMED")
    for service in list(file.service):
        yield "service deleted", lambda service=service: file.service.remove(service)
        for method in list(service.method):
            yield "method deleted", lambda s=service, m=method: s.method.remove(m)
            yield "method renamed", lambda m=method: setattr(m, "name", f"{m.name}Renamed")
            yield "request type changed", lambda m=method: setattr(m, "input_type", ".google.protobuf.Struct")
            yield "response type changed", lambda m=method: setattr(m, "output_type", ".google.protobuf.Struct")
            yield "made streaming", lambda m=method: setattr(m, "server_streaming", not m.server_streaming)
            other = (
                MethodOptions.IDEMPOTENCY_UNKNOWN if method.options.idempotency_level else MethodOptions.NO_SIDE_EFFECTS
            )
            yield "idempotency changed", lambda m=method, o=other: setattr(m.options, "idempotency_level", o)


def harmless(file: FileDescriptorProto) -> Iterator[tuple[str, Change]]:
    """Changes that break nobody."""
    yield "nothing", lambda: None
    for message in messages(file.message_type):
        yield (
            "field added",
            lambda m=message: m.field.add(
                name="added", json_name="added", number=900, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL
            ),
        )
        yield "fields in another order", lambda m=message: _reverse(m.field)
        yield "deprecated", lambda m=message: setattr(m.options, "deprecated", True)
        yield "message added beside", lambda: file.message_type.add(name="Added")
    for enum in file.enum_type:
        yield "enum value added", lambda e=enum: e.value.add(name=f"{e.name.upper()}_ADDED", number=900)
        yield "enum values in another order", lambda e=enum: _reverse_after_first(e.value)
    for service in file.service:
        for method in list(service.method):
            yield "method deprecated", lambda m=method: setattr(m.options, "deprecated", True)
        first = service.method[0]
        yield (
            "method added",
            lambda s=service, m=first: s.method.add(name="Added", input_type=m.input_type, output_type=m.output_type),
        )
        yield "methods in another order", lambda s=service: _reverse(s.method)
    yield "services in another order", lambda: _reverse(file.service)


def _reverse(items: Any) -> None:
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    del items[:]
    items.extend(reversed(copies))


def _reverse_after_first(items: Any) -> None:
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    del items[:]
    items.extend([copies[0], *reversed(copies[1:])])


Kind = Callable[[FileDescriptorProto], Iterator[tuple[str, Change]]]


def pairs(compiled: Compiled, kind: Kind, step: int) -> Iterator[tuple[str, Tree]]:
    """One changed contract after the other, every `step`th of them."""
    own = set(user_files(compiled.to_generate))
    for index, data in enumerate(compiled.files):
        name = FileDescriptorProto.FromString(data).name
        if name not in own:
            continue
        count = sum(1 for _ in kind(FileDescriptorProto.FromString(data)))
        for number in range(0, count, step):
            file = FileDescriptorProto.FromString(data)
            title, change = list(kind(file))[number]
            change()
            if ".google.protobuf.Struct" in str(file) and "google/protobuf/struct.proto" not in file.dependency:
                continue  # the type is not imported: protoc would refuse it
            changed = [*compiled.files[:index], file.SerializeToString(), *compiled.files[index + 1 :]]
            try:
                yield f"{title} in {name}", tree_of(changed, compiled.to_generate)
            except (KeyError, TypeError, ValueError):
                continue  # no contract any more, such as a type that is used and gone


def breaking_figures(step: int = 1) -> dict[str, Any]:
    """Planted breaks and how many were found; harmless changes and how many were called breaks."""
    planted, found, quiet, alarms = 0, 0, 0, 0
    missed: list[str] = []
    wrong: list[str] = []
    by_code: Counter[str] = Counter()
    for proto in CORPUS:
        compiled = compile_protos(proto)
        old = tree_of(compiled.files, compiled.to_generate)
        for title, new in pairs(compiled, plants, step):
            changes = [change for change in breaking(old, new) if change.breaks]
            planted += 1
            found += bool(changes)
            by_code.update({change.code for change in changes})
            missed += [] if changes else [title]
        for title, new in pairs(compiled, harmless, step):
            changes = [change for change in breaking(old, new) if change.breaks]
            quiet += 1
            alarms += bool(changes)
            wrong += [f"{title}: {change}" for change in changes]
    return {
        "planted": planted, "found": found, "harmless": quiet, "false_alarms": alarms,
        "codes": len(by_code), "missed": missed[:10], "wrong": wrong[:10],
    }  # fmt: skip


def import_figures() -> dict[str, Any]:
    """Our contracts through their schemas alone, and through what workers tell."""
    ours = contracts_of_protos(ROOT / "proto")
    functions = functions_of(ours, dialect="2020-12")
    verdicts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as directory:
        made = import_functions(functions)
        write_sources(Path(directory), made.files)
        again = contracts_of_protos(Path(directory))
        for method in again.methods():
            exchange = again.exchange(method.full_name)
            described = next(item for item in functions if item.function_id == method.function_id)
            outcome = compare_function(
                Sides(exchange.request_written, exchange.response_read), Sides(described.request, described.response)
            )
            bad = {item.verdict for item in outcome.findings} - {Verdict.COMPATIBLE}
            verdicts["incompatible" if Verdict.INCOMPATIBLE in bad else "unknown" if bad else "compatible"] += 1
    with tempfile.TemporaryDirectory() as directory:
        write_sources(Path(directory), reflected_files(ours.descriptors, functions, ""))
        told = contracts_of_protos(Path(directory))
    same = sum(told.services[name].digest == service.digest for name, service in ours.services.items())
    return {
        "functions": len(functions), "by_schemas": dict(verdicts), "findings": len(made.findings),
        "services": len(ours.services), "same_digest_by_reflection": same,
    }  # fmt: skip


def main() -> None:
    """Prints the figures."""
    sys.stdout.write(json.dumps({"breaking": breaking_figures(), "import": import_figures()}) + "\n")


if __name__ == "__main__":
    main()
