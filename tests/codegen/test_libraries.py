"""Whether the libraries of the extra are installed, and where."""

from __future__ import annotations

import pytest

from iii_codegen import libraries
from iii_codegen.libraries import package_directory, require_libraries


def test_an_installed_package_has_a_directory_and_another_has_none() -> None:
    found = package_directory("grpc_tools")
    assert found is not None
    assert (found / "__init__.py").is_file()
    assert package_directory("no_such_library") is None
    assert package_directory("no_such_library.inside") is None


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_libraries()
    monkeypatch.setattr(libraries, "_LIBRARIES", ("croniter", "no_such_library"))
    with pytest.raises(
        ModuleNotFoundError, match=r"^no_such_library is not installed; .*'iii-bridge\[codegen\]'$"
    ) as found:
        require_libraries()
    assert found.value.name == "no_such_library"
