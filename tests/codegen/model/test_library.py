"""Files that are no contracts of the user's."""

from __future__ import annotations

from iii_codegen.model.library import is_library, user_files


def test_library_files() -> None:
    library = ["google/api/http.proto", "buf/validate/validate.proto", "iii_bridge/v1/contract.proto"]
    own = ["shop/v1/shop.proto", "googly/v1/x.proto", "my/google/v1/x.proto", "a.proto"]
    assert all(is_library(path) for path in library)
    assert user_files([*library, *own]) == own
