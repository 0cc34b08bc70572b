"""Asks a running engine whether it has what the demo needs, before anything is started."""

from __future__ import annotations

import httpx

from demo.processes import DemoError
from iii_bridge import Bridge

__all__ = ["OURS", "require"]

OURS = (
    "orders::place",
    "orders::get",
    "orders::measure",
    "pricing::quote",
    "pricing::count",
    "inventory::reserve",
    "inventory::count",
    "receipts::write",
    "receipts::sum",
)
"""The functions the demo's own workers serve."""


async def require(bridge: Bridge, http_url: str) -> None:
    """Raises DemoError naming everything that is absent or in the way."""
    listed = await bridge.call("engine::functions::list", {"include_internal": True})
    functions = {row["function_id"] for row in listed["functions"]}
    types = {row["id"] for row in (await bridge.call("engine::triggers::list", {}))["triggers"]}
    problems: list[str] = []
    if "engine::queue::enqueue" not in functions:
        problems.append("no queue provider (function engine::queue::enqueue): add the queue worker to the engine")
    if "http" not in types:
        problems.append("no trigger type http: add the http worker to the engine")
    if taken := [function_id for function_id in OURS if function_id in functions]:
        problems.append(f"already served by another worker: {', '.join(taken)}; stop it first")
    try:
        async with httpx.AsyncClient() as client:
            await client.get(http_url, timeout=5.0)
    except httpx.HTTPError as error:
        problems.append(f"nothing answers at {http_url} ({type(error).__name__}): name the http port with --http-url")
    if problems:
        raise DemoError("the engine lacks what the demo needs:" + "".join(f"\n  - {text}" for text in problems))
