"""`iii-bridge init` in an empty directory, and then what the README of the project says, line by line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.packaging.conftest import Elsewhere


def commands(readme: str, heading: str) -> list[str]:
    """The lines a reader types below a heading."""
    block = readme.partition(f"## {heading}")[2].partition("```console")[2].partition("```")[0]
    return re.findall(r"^\$ (.*)$", block, re.MULTILINE)


@contextmanager
def running(command: str, ready: str, cwd: Path, environment: dict[str, str]) -> Iterator[str]:
    """A program that says when it is ready; the line it says that with."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"], cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if ready in line), "")
        assert line, f"{command} ended"
        yield line
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.timeout(900)
def test_a_new_project_does_what_its_readme_says(installed: Elsewhere, tmp_path: Path) -> None:
    made = installed.run("iii-bridge", "init", "order-desk", "--typescript", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert "cd order-desk && make setup codegen test" in made.stdout
    project = tmp_path / "order-desk"
    readme = (project / "README.md").read_text()
    first = commands(readme, "Working on it")
    assert first == ["make setup", "make codegen", "make check", "make test"]
    for command in first:
        done = installed.run("bash", "-ec", command, cwd=project, timeout=600)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "3 passed" in done.stdout
    environment = installed.environment()
    start_engine, _serve, call = commands(readme, "Running it")
    assert start_engine == "make engine"
    with running(".venv/bin/iii-bridge engine --port 0 --http-port 0 --memory", "ready", project, environment) as line:
        environment["III_URL"] = line.split()[3]
        with running("make serve", "ready:", project, environment):
            done = installed.run("bash", "-c", call, cwd=project, III_URL=environment["III_URL"])
    assert (done.returncode, json.loads(done.stdout)) == (0, {"text": "hello ann"})
    for command in ("git init -q -b main", "git add -A", "git -c user.name=a -c user.email=a@b.c commit -qm first"):
        assert installed.run(*command.split(" "), cwd=project).returncode == 0
    ignored = installed.run("git", "ls-files", cwd=project).stdout
    assert "contracts/order_desk/greeter/v1/greeter_pb.py" in ignored
    assert "node_modules" not in ignored
    breaking = installed.run("iii-bridge", "breaking", "--against", "main", cwd=project)
    assert (breaking.returncode, breaking.stderr) == (0, "0 breaking changes and 0 notes since main\n")
