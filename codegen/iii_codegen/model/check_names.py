"""Checks of packages, names and members."""

from __future__ import annotations

import re
from collections.abc import Iterator

from iii_bridge.contract.spec import MethodKind
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import is_library
from iii_codegen.model.naming import package_version
from iii_codegen.model.nodes import Field, File, Message, Method, Place, Tree

__all__ = ["check_names", "class_names"]

_CALLER_MEMBER = "_caller_worker_id"
_STREAM_MEMBER = "iii-bridge"
_OPTION_FILE = "iii_bridge/v1/contract.proto"


def check_names(tree: Tree, report: Report) -> None:
    """Reports problems of packages and names in the generated files."""
    _check_packages(tree, report)
    _check_classes(tree, report)
    for file in tree.generated_files():
        for message in file.all_messages():
            _check_members(message, report)
        _check_option_types(tree, file, report)
    _check_requests(tree, report)


def _check_packages(tree: Tree, report: Report) -> None:
    packages: dict[str, File] = {}
    modules: dict[str, File] = {}
    for file in tree.generated_files():
        if is_library(file.path):
            continue
        place = Place(file.path, 1, 1)
        directory = file.path.rpartition("/")[0]
        if package_version(file.package) is None:
            report.add("III005", place, f"package {file.package or 'without a name'} does not end in a version")
        first = packages.setdefault(directory, file)
        if first.package != file.package:
            report.add("III007", place, f"{file.package} shares its directory with {first.package} of {first.path}")
        elif directory.replace("/", ".") != file.package:
            report.add("III006", place, f"package {file.package or 'without a name'} is not in its directory")
        other = modules.setdefault(_module(file.path), file)
        if other is not file:
            report.add("III008", place, f"{file.path} and {other.path} give one module")


def _module(path: str) -> str:
    """Characters that no language allows in the name of a module become underscores: two names may become one."""
    return re.sub(r"(?<![^/])(?=[0-9])|[^A-Za-z0-9_/]", "_", path.removesuffix(".proto"))


def class_names(base_name: str) -> tuple[str, ...]:
    """The classes of a service: its base and clients, asynchronous and blocking (design decision 5)."""
    return f"{base_name}Service", f"{base_name}ServiceSync", f"{base_name}Client", f"{base_name}ClientSync"


def _check_classes(tree: Tree, report: Report) -> None:
    """Classes of services stand beside messages and enums in one package."""
    taken: dict[str, str] = {}
    for file in tree.generated_files():
        for name in file.type_names():
            taken[name] = f"{name} in {file.path}"
    for file in tree.generated_files():
        for service in file.services:
            own = f"service {service.full_name}"
            names = [f"{file.package}.{name}".removeprefix(".") for name in class_names(service.base_name)]
            clashes = {taken[name]: name for name in reversed(names) if taken.setdefault(name, own) != own}
            for other, name in clashes.items():  # one finding for each that is in the way
                report.add("III101", service.place, f"class {name} of {own} clashes with {other}")


def _spellings(field: Field) -> set[str]:
    return {field.json_name, field.name}


def _check_members(message: Message, report: Report) -> None:
    seen: dict[str, Field] = {}
    for field in message.fields:
        for spelling in sorted(_spellings(field)):
            other = seen.setdefault(spelling, field)
            if other is not field:
                report.add("III102", field.place, f"field {field.name} and {other.name} share the JSON name {spelling}")


def _check_option_types(tree: Tree, file: File, report: Report) -> None:
    """The types of our options are no payloads: no classes are generated for them."""
    fields = ((field.element.type_name, field.place) for message in file.all_messages() for field in message.fields)
    methods = (method for service in file.services for method in service.methods)
    roots = ((root, method.place) for method in methods for root in (method.request, method.response))
    for name, place in (*fields, *roots):
        if tree.file_of.get(name) == _OPTION_FILE and file.path != _OPTION_FILE:
            report.add("III104", place, f"{name} is a type of options and has no class")


def _check_requests(tree: Tree, report: Report) -> None:
    """The engine adds a member to object payloads (wire.md 5.4), and so takes its name."""
    for name in sorted(set(_roots(tree))):
        message = tree.messages[name]
        for field in message.fields:
            if _CALLER_MEMBER in _spellings(field):
                report.add("III103", field.place, f"request member {_CALLER_MEMBER} belongs to the engine")
    for name in sorted({method.request for method in _methods(tree) if method.kind is MethodKind.SERVER_STREAM}):
        for field in tree.messages[name].fields:
            if _STREAM_MEMBER in _spellings(field):
                problem = f"request member {_STREAM_MEMBER} names the channels of a streaming method"
                report.add("III103", field.place, problem)


def _methods(tree: Tree) -> Iterator[Method]:
    for file in tree.generated_files():
        for service in file.services:
            yield from service.methods


def _roots(tree: Tree) -> Iterator[str]:
    for method in _methods(tree):
        yield method.request
