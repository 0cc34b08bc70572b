"""One run of a plugin: bytes in, bytes out; warnings go to the error output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from iii_codegen.emit.file import OutputFile
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.check_rules import check_cel
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import is_library, user_files
from iii_codegen.model.nodes import Tree
from iii_codegen.plugin.options import OptionsError, parse_options
from iii_codegen.plugin.request import failure, parse_request, success

__all__ = ["run_plugin"]

Emit = Callable[[Tree, Mapping[str, str]], Iterable[OutputFile]]


def run_plugin(data: bytes, known: Mapping[str, tuple[str, ...]], emit: Emit, err: TextIO) -> bytes:
    """Answers a serialized request; `emit` is given the tree and the options, of which `known` are possible."""
    request = parse_request(data)
    try:
        options = parse_options(request.parameter, known)
    except OptionsError as error:
        return failure(str(error))
    report = Report()
    tree = build(request.files, user_files(request.to_generate), report, follow=is_library)
    check(tree, report)
    if options.get("messages") == "betterproto2":
        check_cel(tree, report)
    if report.errors:
        return failure("contracts have errors\n" + "\n".join(str(item) for item in report.diagnostics))
    err.writelines(f"{item}\n" for item in report.warnings)
    return success(emit(tree, options))
