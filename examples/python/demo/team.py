"""Which program serves which function: the foreign workers, or labelled stand-ins where a tool is missing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from demo.processes import RUST_BINARY, TYPESCRIPT_MAIN, Command, DemoError, python_worker

__all__ = ["Team", "assemble", "rust_worker", "typescript_worker"]

STAND_IN = "Python stand-in"


@dataclass(frozen=True, slots=True)
class Team:
    """The language of each hop, and what was missing."""

    pricing: str
    inventory: str
    missing: tuple[str, ...]

    def commands(self) -> list[Command]:
        """The four workers of the workload."""
        return [
            python_worker("the Python worker orders", "orders"),
            python_worker("the Python worker receipts", "receipts"),
            typescript_worker() if self.pricing != STAND_IN else python_worker("the pricing stand-in", "pricing"),
            rust_worker() if self.inventory != STAND_IN else python_worker("the inventory stand-in", "inventory"),
        ]

    def wrong_pricing(self, mode: str) -> Command:
        """The worker that prices wrongly on purpose."""
        if self.pricing == STAND_IN:
            return python_worker("the wrong pricing stand-in", "untyped-pricing", "--misbehave", mode)
        return typescript_worker("--misbehave", mode)

    def wrong_inventory(self, mode: str) -> Command:
        """The worker that reserves wrongly on purpose."""
        if self.inventory == STAND_IN:
            return python_worker("the wrong inventory stand-in", "untyped-inventory", "--misbehave", mode)
        return rust_worker("--misbehave", mode)


def typescript_worker(*arguments: str) -> Command:
    """The worker on npm iii-sdk; DemoError when it is not built."""
    if not TYPESCRIPT_MAIN.exists():
        raise DemoError(f"the TypeScript worker is not built ({TYPESCRIPT_MAIN.name} is missing): run `make setup`")
    return Command("the TypeScript worker", ("node", str(TYPESCRIPT_MAIN), *arguments))


def rust_worker(*arguments: str) -> Command:
    """The worker on crate iii-sdk; DemoError when it is not built."""
    if not RUST_BINARY.exists():
        raise DemoError(f"the Rust worker is not built ({RUST_BINARY.name} is missing): run `make setup`")
    return Command("the Rust worker", (str(RUST_BINARY), *arguments))


def assemble() -> Team:
    """Looks for node and cargo."""
    node, cargo = (shutil.which(tool) is not None for tool in ("node", "cargo"))
    missing = tuple(tool for tool, found in (("node", node), ("cargo", cargo)) if not found)
    return Team("TypeScript" if node else STAND_IN, "Rust" if cargo else STAND_IN, missing)
