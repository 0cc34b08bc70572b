"""What compilers say: content with generated code as strict as it gets, in two majors, as ESM and as CommonJS."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.typescript.project import HERE, compile_typescript, generate, write_project

STRICTEST = {"noPropertyAccessFromIndexSignature": True, "isolatedModules": True, "noImplicitAny": True}


@pytest.mark.parametrize(
    ("major", "kind", "extension", "options"),
    [
        (5, "commonjs", "js", {}),
        (7, "module", "js", {"verbatimModuleSyntax": True}),
        (7, "module", "none", {"module": "ESNext", "moduleResolution": "Bundler"}),
        (7, "module", "ts", {"allowImportingTsExtensions": True, "noEmit": True}),
    ],
)
def test_two_majors_and_two_kinds_of_modules(
    tmp_path: Path, major: int, kind: str, extension: str, options: dict[str, object]
) -> None:
    write_project(tmp_path, HERE / "proto", kind=kind, import_extension=extension)
    generate(tmp_path)
    wrong = (HERE / "types" / "wrong.ts").read_text()
    endings = {"js": '.js"', "ts": '.ts"', "none": '"'}
    (tmp_path / "src" / "wrong.ts").write_text(wrong.replace('.js"', endings[extension]))
    assert compile_typescript(tmp_path, major, **STRICTEST, **options) == ""
    if extension == "js":
        load = "import" if kind == "module" else "require"
        program = f"Promise.resolve({load}('./dist/gen/lab/v1/lab_iii.js')).then((glue) => console.log(glue))"
        done = subprocess.run(
            ["node", "-e", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        found = set(re.findall(r"\w+", done.stdout))
        assert {"LabClient", "MirrorClient", "registerLab", "registerMirror"} <= found, done.stderr


def test_wrong_code_is_refused(tmp_path: Path) -> None:
    """Without the comments that expect it, every error is there, and no other."""
    write_project(tmp_path, HERE / "proto")
    generate(tmp_path)
    wrong = (HERE / "types" / "wrong.ts").read_text()
    expected = [number for number, line in enumerate(wrong.split("\n"), start=2) if "@ts-expect-error" in line]
    (tmp_path / "src" / "wrong.ts").write_text(wrong.replace("@ts-expect-error", "expected"))
    said = compile_typescript(tmp_path, 7)
    found = {int(number) for number in re.findall(r"wrong\.ts\((\d+),", said)}
    assert sorted(found) == expected
    assert len(expected) >= 10
