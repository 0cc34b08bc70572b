"""Contracts published as a wheel, as docs/shared-contracts.md says, and used by another project elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.meta.source import ROOT
from tests.packaging.conftest import Elsewhere

PAGE = (ROOT / "docs/shared-contracts.md").read_text()


def write_blocks(heading: str, project: Path) -> None:
    """The files a section shows, each below a line that names it, `*path/of/file*:`."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    blocks = re.findall(r"^\*([\w./-]+)\*:\n\n```\w+\n(.*?)```$", section, re.MULTILINE | re.DOTALL)
    assert blocks, heading
    for name, text in blocks:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


@pytest.mark.timeout(600)
def test_contracts_as_a_package(installed: Elsewhere, tmp_path: Path) -> None:
    publisher, consumer = tmp_path / "acme-contracts", tmp_path / "billing"
    write_blocks("Publishing", publisher)
    generated = installed.run("iii-bridge", "codegen", cwd=publisher)
    assert generated.returncode == 0, generated.stderr
    wheels = tmp_path / "wheels"
    built = installed.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), ".", cwd=publisher)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("acme_contracts-*.whl")

    there = installed.run("python", "-m", "pip", "install", "-q", str(wheel), cwd=tmp_path)
    assert there.returncode == 0, there.stderr

    write_blocks("Using them", consumer)
    done = installed.run("iii-bridge", "codegen", cwd=consumer)
    assert done.returncode == 0, done.stderr
    done = installed.run("python", "calling.py", cwd=consumer)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "placed tea-1\norders::place request does not fit its contract: must have at least 1 character at $.sku\n"
        "billed tea-1\n",
        "",
    )
    same = installed.run(
        "iii-bridge",
        "breaking",
        "--against",
        str(publisher / "proto"),
        "--proto",
        str(publisher / "proto"),
        cwd=consumer,
    )
    assert same.returncode == 0, same.stderr
