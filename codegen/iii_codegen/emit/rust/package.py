"""The files of a whole tree: a module a package, the support code, and what the build script needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Final

from iii_bridge.contract.spec import MethodSchemas
from iii_codegen.emit.file import Lines, OutputFile, header
from iii_codegen.emit.rust.literal import byte_string, text
from iii_codegen.emit.rust.names import package_modules
from iii_codegen.emit.rust.registration import registration_text
from iii_codegen.emit.rust.services import GLUE, data_file, service_code
from iii_codegen.model.library import is_library, library_descriptors
from iii_codegen.model.nodes import File, Tree
from iii_codegen.model.registration import service_registration

__all__ = ["emit_rust"]

_SUPPORT: Final = "glue"
_BUILD: Final = "build.rs"
_GOOGLE: Final = "google/protobuf/"
_ALLOWED: Final = "#![allow(dead_code)]"
_ALLOWED_WITH_MESSAGES: Final = "#![allow(clippy::all, dead_code, deprecated, non_snake_case, rustdoc::all)]"
"""Messages are prost's, and names are the contract's."""


def emit_rust(tree: Tree, schemas: Mapping[str, MethodSchemas]) -> Iterator[OutputFile]:
    """Every file of a tree, for a module of a crate; `schemas` holds those of each method by full name."""
    packages: dict[tuple[str, ...], list[File]] = defaultdict(list)
    for file in tree.generated_files():
        if not file.path.startswith(_GOOGLE):
            packages[package_modules(file.package)].append(file)
    for modules in sorted({*packages, *_outer(packages)}):
        inner = sorted(each[-1] for each in {*packages, *_outer(packages)} if each[:-1] == modules and each)
        yield OutputFile(_path(modules, "mod.rs"), _module(tree, modules, packages, inner, schemas))
    for file in tree.generated_files():
        for service in file.services:
            registration = service_registration(tree, service, schemas)
            path = _path(package_modules(file.package), data_file(service))
            yield OutputFile(path, registration_text(registration, file.path))
    yield from _support()
    yield OutputFile(_BUILD, _build_script(tree))


def _path(modules: Iterable[str], name: str) -> str:
    """Directories have no raw names."""
    return "/".join([*(module.removeprefix("r#") for module in modules), name])


def _outer(packages: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The root, and the modules around packages."""
    yield ()
    for package in packages:
        yield from (package[:length] for length in range(1, len(package)))


def _module(
    tree: Tree,
    modules: tuple[str, ...],
    packages: Mapping[tuple[str, ...], list[File]],
    inner: list[str],
    schemas: Mapping[str, MethodSchemas],
) -> str:
    own = packages.get(modules, [])
    lines = Lines()
    lines.add(f"// {header(*(file.path for file in own))}", "")
    if not modules:
        lines.add("//! The contracts of this crate: a module for each package, and `glue`, what they stand on.", "")
    if own:
        lines.add(_ALLOWED_WITH_MESSAGES, "")
    elif not modules:
        lines.add(_ALLOWED, "")
    names = inner if modules else sorted([*inner, _SUPPORT])
    for name in names:
        lines.add(*([] if modules else ["#[rustfmt::skip]"]), f"pub mod {name};")
    if own:
        lines.add(*([""] if names else []))
        # prost names the file after the package.
        lines.add(f'include!(concat!(env!("OUT_DIR"), "/iii_contracts/{own[0].package or "_"}.rs"));')
    if any(file.services for file in own):
        lines.add("", f"use {'super::' * len(modules)}{_SUPPORT} as {GLUE};")
    for file in own:
        for service in file.services:
            registration = service_registration(tree, service, schemas)
            lines.extend(service_code(tree, service, registration, file.package))
    return "\n".join(lines.all()) + "\n"


def _support() -> Iterator[OutputFile]:
    """The same in every project."""
    for source in sorted(files("iii_codegen.emit.rust").joinpath("support").iterdir(), key=lambda item: item.name):
        if source.name != _BUILD:
            content = f"// {header()}\n\n{source.read_text(encoding='utf-8')}"
            yield OutputFile(f"{_SUPPORT}/{source.name}", content)


def _build_script(tree: Tree) -> str:
    own = [path for path in tree.generated if not is_library(path)]
    lines = Lines()
    lines.add("/// What is compiled, by the names that imports use.")
    with lines.indented("const FILES: &[&str] = &[", "];"):
        lines.add(*(f"{text(path)}," for path in own))
    lines.add("")
    lines.add("/// The descriptors of files that contracts import and that are nobody's own.")
    lines.add(f"const LIBRARIES: &[u8] = {byte_string(library_descriptors(tree))};")
    template = files("iii_codegen.emit.rust").joinpath("support").joinpath(_BUILD).read_text(encoding="utf-8")
    return f"// {header()}\n\n{template}\n" + "\n".join(lines.all()) + "\n"
