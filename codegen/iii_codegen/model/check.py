"""Checks of a whole tree; everything that is wrong is reported, nothing is raised."""

from __future__ import annotations

from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Tree

__all__ = ["check"]


def check(tree: Tree, report: Report) -> None:
    """Reports what is wrong with the generated files of a tree."""
    seen: dict[str, str] = {}
    for file in tree.generated_files():
        for service in file.services:
            for method in service.methods:
                other = seen.setdefault(method.contract.function_id, method.full_name)
                if other != method.full_name:
                    report.add(
                        "III203",
                        method.option_place,
                        f"{method.full_name} has the function id {method.contract.function_id} of {other}",
                    )
