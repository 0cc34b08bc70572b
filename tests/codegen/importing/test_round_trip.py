"""Contracts of our own through their schemas and back: equal on the wire, and every difference has a name."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from iii_bridge.contract.compat import Sides, Verdict, compare_function
from iii_bridge.dynamic import Contracts, contracts_of_protos
from iii_codegen.compile import compile_protos
from iii_codegen.importing.contract import import_functions
from iii_codegen.importing.draft import Binding, Function
from iii_codegen.importing.reflected import reflected_files
from iii_codegen.model.breaking import breaking
from iii_codegen.model.build import build
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import user_files
from iii_codegen.model.nodes import Tree
from tests.codegen.support import write_sources

PROTO = Path(__file__).parents[3] / "proto"


def functions_of(contracts: Contracts, *, dialect: str) -> list[Function]:
    """What the catalogue would say of every method, had its worker registered the schemas and nothing else."""
    found: list[Function] = []
    for method in contracts.methods():
        schemas = method.schemas()[method.full_name]
        old = dialect == "draft-07"
        found.append(
            Function(
                function_id=method.function_id,
                description=method.description,
                request=json.loads(schemas.request_draft_07 if old else schemas.request),
                response=json.loads(schemas.response_draft_07 if old else schemas.response),
                bindings=tuple(Binding(b.trigger_type, dict(b.config), adapted=True) for b in method.bindings),
                metadata=dict(method.metadata),
            )
        )
    return found


def tree_of(proto: Path) -> Tree:
    compiled = compile_protos(proto)
    return build(compiled.files, user_files(compiled.to_generate), Report(), follow=lambda _: True)


@pytest.fixture(scope="module")
def ours() -> Contracts:
    return contracts_of_protos(PROTO)


@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
def test_schemas_alone_give_contracts_that_fit_both_ways(ours: Contracts, dialect: str, tmp_path: Path) -> None:
    functions = functions_of(ours, dialect=dialect)
    made = import_functions(functions)
    assert [str(item) for item in made.findings] == []
    write_sources(tmp_path, made.files)
    again = contracts_of_protos(tmp_path)
    theirs = {method.function_id: method for method in again.methods()}
    assert theirs.keys() == {method.function_id for method in ours.methods()}
    for method in ours.methods():
        other = theirs[method.function_id]
        mine, imported = ours.exchange(method.full_name), again.exchange(other.full_name)
        caller = Sides(imported.request_written, imported.response_read)
        described = next(item for item in functions if item.function_id == method.function_id)
        known = compare_function(
            Sides(mine.request_written, mine.response_read), Sides(described.request, described.response)
        )
        checked = compare_function(caller, Sides(described.request, described.response))
        assert {*map(str, checked.findings)} <= {*map(str, known.findings)}, "what our own contract would be told"
        for one, two in ((imported, mine), (mine, imported)):  # exactly, where wider schemas leave doubts
            outcome = compare_function(
                Sides(one.request_written, one.response_read), Sides(two.request_read, two.response_written)
            )
            assert Verdict.INCOMPATIBLE not in {item.verdict for item in outcome.findings}, method.function_id
        assert other.description == method.description
        assert dict(other.metadata) == dict(method.metadata)
        assert [(b.trigger_type, dict(b.config)) for b in other.bindings] == [
            (b.trigger_type, dict(b.config)) for b in method.bindings
        ]


def test_breaking_names_what_schemas_do_not_say(tmp_path: Path) -> None:
    """Fields, numbers, bindings, ids and limits are the same again; what schemas do not say is named."""
    write_sources(
        tmp_path / "one", {"examples/orders/v1/orders.proto": (PROTO / "examples/orders/v1/orders.proto").read_text()}
    )
    made = import_functions(functions_of(contracts_of_protos(tmp_path / "one"), dialect="2020-12"))
    (text,) = made.files.values()
    write_sources(
        tmp_path / "two",
        {"examples/orders/v1/orders.proto": text.replace("package orders.v1", "package examples.orders.v1")},
    )
    changes = breaking(tree_of(tmp_path / "one"), tree_of(tmp_path / "two"))
    assert Counter(change.code for change in changes if change.breaks) == {"BRK107": 3}, "idempotency"
    assert [change.code for change in changes if not change.breaks] == ["BRK407"], "the timeout"


def test_what_a_worker_tells_is_the_same_contract_again(ours: Contracts, tmp_path: Path) -> None:
    described = functions_of(ours, dialect="2020-12")
    functions = [
        Function(
            function_id=item.function_id,
            description=item.description,
            method=method.full_name,
            request=item.request,
            response=item.response,
        )
        for item, method in zip(described, ours.methods(), strict=True)
    ]
    texts = reflected_files(ours.descriptors, functions, "Imported.")
    write_sources(tmp_path, texts)
    again = contracts_of_protos(tmp_path)
    assert {name: service.digest for name, service in again.services.items()} == {
        name: service.digest for name, service in ours.services.items()
    }
    orders = texts["examples/orders/v1/orders.proto"]
    assert "// One order line, as the shop's front sends it.\nmessage PlaceRequest {" in orders
    assert "  // Chosen by the front; placing a line again under the same id changes nothing." in orders
    assert "  // Prices and reserves one order line and queues its receipt.\n  rpc Place(" in orders
