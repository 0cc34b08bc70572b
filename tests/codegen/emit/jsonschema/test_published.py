"""The list of what no schema can say is true, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iii_bridge.contract.protojson import CodecError, codec_for
from tests.codegen.emit.jsonschema.contracts import RandomContract, contract_of
from tests.codegen.emit.jsonschema.published import PUBLISHED, SAMPLE, Published
from tests.codegen.emit.jsonschema.validators import Ajv, RustSchema

MESSAGE = "sample.v1.Sample"


def sample() -> RandomContract:
    return contract_of(SAMPLE, "sample.proto", (MESSAGE,))


def checkers(ajv: Ajv, dialect: str) -> tuple[RustSchema, Any]:
    schema = sample().protojson(MESSAGE, dialect)
    return RustSchema(schema, dialect), ajv.schema(schema, dialect)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.document[:40])
def test_a_valid_document_is_refused_for_the_reason_given(row: Published, ajv: Ajv) -> None:
    with pytest.raises(CodecError) as caught:
        codec_for(sample().contract.cls(MESSAGE)).decode(row.document)
    assert row.problem in caught.value.problem
    rust_cannot = ("\\ud800" in row.document, "9223372036854775808" in row.document)
    for dialect in ("2020-12", "draft-07"):
        rust, node = checkers(ajv, dialect)
        assert node.accepts(row.document)
        assert any(rust_cannot) or rust.accepts(row.document)


def test_the_table_was_found() -> None:
    assert len(PUBLISHED) == 12


def test_the_one_document_that_is_read_and_not_valid(ajv: Ajv) -> None:
    document = '{"long":9223372036854775807.0}'
    codec = codec_for(sample().contract.cls(MESSAGE))
    assert json.loads(codec.encode(codec.decode(document)))["long"] == str(2**63 - 1)
    rust, node = checkers(ajv, "2020-12")
    assert not rust.accepts(document)
    assert node.accepts(document)
