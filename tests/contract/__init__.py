"""Real TypeScript and Rust workers, on their official SDKs, held to one contract through the embedded engine.

The example packages are on the path of whoever runs the examples, and of these tests.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "python"))
