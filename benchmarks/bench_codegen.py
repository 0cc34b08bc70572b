"""How fast the generator is, and whether its cost is linear in its output.

Measured is the whole run after protoc: reading descriptors, building and
checking the model, Python and both dialects of JSON Schema. The last line is
JSON: messages per second at 1 000 messages, and the time of 2 000 over that
of 1 000 (2.0 is linear).

    make bench-codegen
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from iii_codegen.compile import Compiled, compile_protos
from iii_codegen.emit.jsonschema.files import emit_schemas, method_schemas
from iii_codegen.emit.python.package import emit_python
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.diagnostics import Report

SIZES = (250, 500, 1000, 2000)
PER_FILE = 50
ROUNDS = 3

MESSAGE = """
// A request, number {n}.
message Request{n} {{
  // The order's id.
  string order_id = 1;
  int64 quantity = 2;
  optional string note = 3;
  repeated Line lines = 4;
  map<string, Line> by_name = 5;
  oneof payment {{ string card = 6; bytes token = 7; }}
  google.protobuf.Timestamp placed_at = 8;
  Status status = 9;
  message Line {{ string sku = 1; double price = 2; Request{n} origin = 3; }}
  enum Status {{ STATUS_UNSPECIFIED = 0; STATUS_OPEN = 1; }}
}}
"""
METHOD = """  // Does number {n}.
  rpc Do{n}(Request{n}) returns (Request{n}) {{ option (iii_bridge.v1.function) = {{ timeout: {{ seconds: 5 }} }}; }}
"""


def write_contracts(root: Path, messages: int) -> None:
    """Files of fifty requests each, counting Line in: one method for every ten messages."""
    roots = messages // 2
    for file in range(0, roots, PER_FILE):
        numbers = range(file, min(file + PER_FILE, roots))
        name = f"p{file}"
        text = [
            'syntax = "proto3";',
            f"package bench.{name}.v1;",
            'import "google/protobuf/timestamp.proto";',
            'import "iii_bridge/v1/contract.proto";',
            *(MESSAGE.format(n=n) for n in numbers),
            f"service Bench{file}Service {{",
            *(METHOD.format(n=n) for n in numbers if n % 5 == 0),
            "}",
        ]
        path = root / "bench" / name / "v1" / f"{name}.proto"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(text))


def generate(compiled: Compiled) -> int:
    """One run in memory; returns the size of its output in bytes."""
    report = Report()
    tree = build(compiled.files, compiled.to_generate, report)
    check(tree, report)
    if report.diagnostics:
        raise SystemExit("\n".join(str(item) for item in report.diagnostics))
    files = [*emit_python(tree, method_schemas(tree)), *emit_schemas(tree)]
    return sum(len(file.content.encode()) for file in files)


def best(compiled: Compiled) -> tuple[float, int]:
    """The least of a few rounds, in seconds, and the output's size."""
    times: list[float] = []
    size = 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        size = generate(compiled)
        times.append(time.perf_counter() - started)
    return min(times), size


def whole_program(root: Path) -> float:
    """`python -m iii_codegen`, protoc and files and all, in seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "iii_codegen"], cwd=root, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Prints a table and the line of JSON."""
    seconds: dict[int, float] = {}
    print(f"{'messages':>9} {'generate s':>11} {'messages/s':>11} {'output MB':>10} {'whole program s':>16}")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            write_contracts(root / "proto", size)
            seconds[size], output = best(compile_protos(root / "proto"))
            program = whole_program(root)
        print(f"{size:>9} {seconds[size]:>11.3f} {size / seconds[size]:>11.0f} {output / 1e6:>10.2f} {program:>16.2f}")
    ratio = seconds[2000] / seconds[1000]
    print(json.dumps({"messages_per_s": round(1000 / seconds[1000]), "time_2000_vs_1000": round(ratio, 2)}))


if __name__ == "__main__":
    main()
