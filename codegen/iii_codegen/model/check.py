"""Checks of a whole tree; everything that is wrong is reported, nothing is raised."""

from __future__ import annotations

from iii_codegen.model.check_bindings import check_bindings
from iii_codegen.model.check_functions import check_functions
from iii_codegen.model.check_names import check_names
from iii_codegen.model.check_rules import check_rules
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Tree

__all__ = ["check"]


def check(tree: Tree, report: Report) -> None:
    """Reports what is wrong with the generated files of a tree."""
    check_names(tree, report)
    check_functions(tree, report)
    check_bindings(tree, report)
    check_rules(tree, report)
