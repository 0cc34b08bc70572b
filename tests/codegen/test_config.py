"""[tool.iii-bridge]: defaults, unknown keys, and values that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from iii_codegen.config import (
    Config,
    ConfigError,
    PythonConfig,
    RustConfig,
    SchemasConfig,
    TypescriptConfig,
    load_config,
)


def load(tmp_path: Path, text: str) -> Config:
    (tmp_path / "pyproject.toml").write_text(text)
    return load_config(tmp_path)


@pytest.mark.parametrize("text", [None, "", "[tool.iii-bridge]", "[tool.other]\na = 1", "[project]\nname = 'x'"])
def test_an_empty_table_works(tmp_path: Path, text: str | None) -> None:
    config = load_config(tmp_path) if text is None else load(tmp_path, text)
    assert config == Config(
        project=tmp_path,
        proto=tmp_path / "proto",
        include=(),
        python=PythonConfig(tmp_path / "contracts"),
        schemas=SchemasConfig(tmp_path / "schemas", ("2020-12", "draft-07"), "canonical"),
    )


def test_every_key(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [tool.iii-bridge]
        proto = "api"
        include = ["third_party"]
        python.out = "src/stubs"
        [tool.iii-bridge.schemas]
        out = "out/schemas"
        of = "all"
        dialects = ["draft-07"]
        profile = "protojson"
        [tool.iii-bridge.typescript]
        out = "web/gen"
        import_extension = "none"
        """,
    )
    assert config == Config(
        project=tmp_path,
        proto=tmp_path / "api",
        include=(tmp_path / "third_party",),
        python=PythonConfig(tmp_path / "src" / "stubs"),
        schemas=SchemasConfig(tmp_path / "out" / "schemas", ("draft-07",), "protojson", "all"),
        typescript=TypescriptConfig(tmp_path / "web" / "gen", "none"),
    )


def test_rust_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    assert load(tmp_path, "").rust is None
    assert load(tmp_path, "[tool.iii-bridge.rust]").rust == RustConfig(tmp_path / "src" / "contracts")
    assert load(tmp_path, "[tool.iii-bridge.rust]\nout = 'a'").rust == RustConfig(tmp_path / "a")
    with pytest.raises(ConfigError, match=r"tool\.iii-bridge\.rust\.out holds the whole project"):
        load(tmp_path, "[tool.iii-bridge.rust]\nout = '.'")


def test_outputs_can_be_turned_off(tmp_path: Path) -> None:
    config = load(tmp_path, "[tool.iii-bridge]\npython = false\nschemas = true")
    assert config.python is None
    assert config.schemas == SchemasConfig(tmp_path / "schemas")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("prot = 'x'", "unknown key tool.iii-bridge.prot in pyproject.toml; did you mean proto?"),
        ("python.output = 'x'", "unknown key tool.iii-bridge.python.output in pyproject.toml; did you mean out?"),
        (
            "schemas.dialect = []",
            "unknown key tool.iii-bridge.schemas.dialect in pyproject.toml; did you mean dialects?",
        ),
        ("proto = 1", "tool.iii-bridge.proto in pyproject.toml is not a text"),
        ("proto = ''", "tool.iii-bridge.proto in pyproject.toml is not a text"),
        (
            "messages = 'protobuf'",
            "tool.iii-bridge.messages in pyproject.toml is protobuf; choose from betterproto2, google",
        ),
        ("include = 'x'", "tool.iii-bridge.include in pyproject.toml is not a list of texts"),
        ("include = [1]", "tool.iii-bridge.include in pyproject.toml is not a list of texts"),
        ("python = 'x'", "tool.iii-bridge.python in pyproject.toml is neither a table nor a boolean"),
        (
            "schemas.dialects = ['draft-06']",
            "tool.iii-bridge.schemas.dialects in pyproject.toml is draft-06; choose from 2020-12, draft-07",
        ),
        (
            "schemas.profile = 'wide'",
            "tool.iii-bridge.schemas.profile in pyproject.toml is wide; choose from canonical, protojson",
        ),
        ("python.out = '.'", "tool.iii-bridge.python.out holds the whole project; name a directory inside it"),
        ("python.out = '..'", "tool.iii-bridge.python.out holds the whole project; name a directory inside it"),
        (
            "typescript.import_extension = 'mjs'",
            "tool.iii-bridge.typescript.import_extension in pyproject.toml is mjs; choose from js, ts, none",
        ),
        ("schemas.out = 'proto/x'", "tool.iii-bridge.schemas.out and proto are inside each other; separate them"),
    ],
)
def test_values_that_cannot_be_used(tmp_path: Path, table: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[tool.iii-bridge]\n{table}")
    assert str(caught.value) == text


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^pyproject\.toml is not valid TOML: "):
        load(tmp_path, "[tool")
    with pytest.raises(ConfigError, match=r"is not a table; write \[tool\.iii-bridge\]$"):
        load(tmp_path, "[tool]\niii-bridge = 3")


def test_directories_of_installed_packages(tmp_path: Path) -> None:
    config = load(tmp_path, '[tool.iii-bridge]\ninclude = ["package:grpc_tools/_proto", "own"]')
    assert [path.name for path in config.include] == ["_proto", "own"]
    assert (config.include[0] / "google/protobuf/any.proto").is_file()
    for item, said in (
        ("package:nosuch/x", "no package nosuch is installed"),
        ("package:grpc_tools/x", "no directory x"),
    ):
        with pytest.raises(ConfigError, match=said):
            load(tmp_path, f'[tool.iii-bridge]\ninclude = ["{item}"]')
