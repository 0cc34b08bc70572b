"""`make faults`: says what was injected, what was called and how it ended; the last line is JSON.

Exits with 1 when anything is wrong: a call that ended never or twice, work that
was done twice, an outcome that is not true, a queued call that never ran.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys

from tests.faults.suite import run_faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=16, help="calls in flight of each of the two callers")
    parser.add_argument("--kills", type=int, default=3, help="how often the engine is killed and started again")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    report = asyncio.run(
        run_faults(options.seconds, seed=options.seed, lanes=options.lanes, kills=options.kills, settle=120.0)
    )
    sys.stdout.write("\n".join([*report.lines(), json.dumps(report.summary())]) + "\n")
    sys.exit(1 if report.faults or report.leftovers else 0)


if __name__ == "__main__":
    main()
