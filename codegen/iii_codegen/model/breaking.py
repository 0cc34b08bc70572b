"""What changed between two versions of a contract, for those who have the older one."""

from __future__ import annotations

from iii_codegen.model.breaking_changes import Change, Changes
from iii_codegen.model.breaking_functions import compare_services
from iii_codegen.model.breaking_types import TypeRules
from iii_codegen.model.nodes import Place, Tree
from iii_codegen.model.reach import Reach, reach
from iii_codegen.model.reserved import Aside, asides

__all__ = ["breaking"]


def breaking(old: Tree, new: Tree) -> list[Change]:
    """Every change that has a code, by place in the new version.

    Types, services and methods are found by their full names, fields and
    values by their numbers. What was added is no change, unless it is asked
    of those who do not know it.
    """
    changes = Changes()
    for file in old.generated_files():
        after = new.files.get(file.path)
        if after is not None and after.package != file.package:
            problem = f"file {file.path} changed its package from {file.package} to {after.package}"
            changes.add("BRK001", Place(file.path, 1, 1), file.path, problem, file.package, after.package)
    compare_services(old, new, changes)
    sides = _joined(reach(old), reach(new))
    TypeRules(old, new, (_asides(old), _asides(new)), sides).compare(changes)
    return changes.sorted()


def _joined(one: Reach, other: Reach) -> Reach:
    return Reach(one.requests | other.requests, one.responses | other.responses)


def _asides(tree: Tree) -> dict[str, Aside]:
    return {name: aside for file in tree.generated_files() for name, aside in asides(file).items()}
