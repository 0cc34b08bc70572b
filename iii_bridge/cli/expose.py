"""`iii-bridge expose`: a gRPC server behind an engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from iii_bridge.bridge.running import DEFAULT_GRACE, run_program
from iii_bridge.bridge.settings import DEFAULT_CONNECT_TIMEOUT
from iii_bridge.cli.contracts import given_contracts
from iii_bridge.cli.gateway import chosen_services
from iii_bridge.cli.options import (
    ConnectTimeoutOption,
    DescriptorSetOption,
    GraceOption,
    IncludeOption,
    OnConflictOption,
    OwnNamespaceOption,
    UrlOption,
    WorkerNameOption,
    start_logging,
)
from iii_bridge.client import Bridge
from iii_bridge.dynamic import Contracts, contracts_of_descriptors
from iii_bridge.gateway.upstream import Exposure, Target, UpstreamTls, told_contracts
from iii_bridge.gateway.upstream.target import DEFAULT_MAX_MESSAGE
from iii_bridge.otel import OpenTelemetry

__all__ = ["expose"]


def expose(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="the gRPC server; unix:PATH is one too")],
    service: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE...", help="full names; default every service")
    ] = None,
    proto: Annotated[
        Path | None, typer.Option(help="the directory of the contracts; default: what the server's reflection tells")
    ] = None,
    include: IncludeOption = None,
    descriptor_set: DescriptorSetOption = None,
    url: UrlOption = None,
    name: WorkerNameOption = None,
    namespace: OwnNamespaceOption = None,
    on_conflict: OnConflictOption = "raise",
    metadata: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="invocation metadata the server sees; default all but credentials"),
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME:VALUE", help="sent with every call; @FILE reads the value")
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="connect with TLS")] = False,
    ca: Annotated[Path | None, typer.Option(help="PEM of authorities that the server is held to", exists=True)] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM of a client certificate", exists=True)] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM of its key", exists=True)] = None,
    authority: Annotated[str | None, typer.Option(help="the name its certificate is held to")] = None,
    max_message: Annotated[int, typer.Option(min=1, help="bytes of a response message")] = DEFAULT_MAX_MESSAGE,
    wait: Annotated[float, typer.Option(min=0.1, help="seconds that the server may take to tell its contracts")] = 30.0,
    grace: GraceOption = DEFAULT_GRACE,
    connect_timeout: ConnectTimeoutOption = DEFAULT_CONNECT_TIMEOUT,
    otel: Annotated[bool, typer.Option("--otel", help="spans and metrics, with the global providers")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="log what happens, not only warnings")] = False,
) -> None:
    """Register the methods of a running gRPC server as functions until SIGINT or SIGTERM.

    Workers in any language call them by function id, with schemas, statuses and deadlines. Contracts come from the
    server's reflection unless they are named:

        iii-bridge expose 127.0.0.1:50051 --proto proto

    A service is registered while the server's health says SERVING; without a health service the connection decides.
    Exit codes: 0 after a signal, 1 when contracts cannot be read, the engine or the server stays away, or a function
    belongs to another worker, 2 for an option that is wrong.
    """
    start_logging(verbose=verbose)
    secure = tls or ca is not None or tls_cert is not None
    credentials = UpstreamTls.read(ca, tls_cert, tls_key) if secure else None
    target = Target(address, credentials, authority, max_message)
    headers = [_header(text) for text in header or ()]
    given = given_contracts(proto, include or (), descriptor_set)
    tracing = OpenTelemetry() if otel else None
    running: list[Exposure] = []

    async def start(bridge: Bridge) -> None:
        contracts, names = (given, service or []) if given else await _told(target, service or [], wait)
        specs = chosen_services([contracts], names)
        counts = {spec.full_name: len(spec.methods) for spec in specs}

        def changed(full_name: str, present: bool) -> None:
            if present:
                typer.echo(
                    f"ready: {counts[full_name]} methods of {full_name} at {address} as worker {bridge.worker_name}"
                )
            else:
                typer.echo(f"away: {full_name} at {address} does not serve; its functions are taken back")

        made = Exposure(
            bridge,
            specs,
            target,
            [contracts.descriptors],
            metadata=metadata or ("*",),
            headers=headers,
            on_conflict=on_conflict,
            on_change=changed,
        )
        made.start()
        running.append(made)
        await made.wait()

    async def finish(seconds: float) -> None:
        """At first what runs may go on; the last call, after the bridge is closed, closes the channel too."""
        for made in running:
            await (made.stop_watching() if seconds > 0 else made.stop())

    run_program(
        start,
        finish=finish,
        url=url,
        grace=grace,
        worker_name=name,
        namespace=namespace,
        connect_timeout=connect_timeout,
        opentelemetry=tracing or False,
    )


async def _told(target: Target, wanted: Sequence[str], wait: float) -> tuple[Contracts, Sequence[str]]:
    """What the server tells, and which of its services are meant."""
    channel = target.channel()
    try:
        told = await told_contracts(channel, wanted, timeout=wait)
    finally:
        await channel.close()
    return contracts_of_descriptors(told.descriptors), told.services


def _header(text: str) -> tuple[str, str]:
    """`name: value`, or `name: @file`, which keeps a secret off the command line."""
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not name:
        raise typer.BadParameter(f"a header is written NAME:VALUE, not {text[:20]!r}")
    if value.startswith("@"):
        value = Path(value[1:]).read_text(encoding="utf-8").strip()
    return name, value
