"""`iii-bridge gateway`: gRPC in front of an engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.bridge.running import DEFAULT_GRACE, run_program
from iii_bridge.bridge.settings import DEFAULT_CONNECT_TIMEOUT
from iii_bridge.cli.contracts import contracts_there, given_contracts
from iii_bridge.cli.options import (
    ConnectTimeoutOption,
    DescriptorSetOption,
    GraceOption,
    IncludeOption,
    OwnNamespaceOption,
    UrlOption,
    WorkerNameOption,
    start_logging,
)
from iii_bridge.cli.serve import load_target
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.dynamic import Contracts
from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway import Authenticator, BearerTokens, Gateway, GatewayOptions, Tls
from iii_bridge.gateway.options import DEFAULT_LISTEN, DEFAULT_MAX_CALLS, DEFAULT_MAX_MESSAGE
from iii_bridge.otel import OpenTelemetry

__all__ = ["chosen_services", "gateway"]


def gateway(
    service: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE...", help="full names; default every service")
    ] = None,
    listen: Annotated[str, typer.Option(help="host:port, or unix:PATH; port 0 takes a free one")] = DEFAULT_LISTEN,
    proto: Annotated[
        Path | None, typer.Option(help="the directory of the contracts; default: what workers tell")
    ] = None,
    include: IncludeOption = None,
    descriptor_set: DescriptorSetOption = None,
    url: UrlOption = None,
    name: WorkerNameOption = None,
    namespace: OwnNamespaceOption = None,
    of_namespace: Annotated[
        str | None, typer.Option(help="where functions are looked up; default the contract's namespace")
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="request metadata that handlers see; default all but credentials"),
    ] = None,
    max_message: Annotated[int, typer.Option(min=1, help="bytes of a request message")] = DEFAULT_MAX_MESSAGE,
    max_calls: Annotated[int, typer.Option(min=1, help="calls under way at once")] = DEFAULT_MAX_CALLS,
    compress: Annotated[bool, typer.Option("--compress", help="gzip responses for clients that take it")] = False,
    keepalive: Annotated[float, typer.Option(min=1, help="seconds of silence before a client is asked")] = 60.0,
    max_connection_age: Annotated[
        float | None, typer.Option(min=1, help="seconds after which a connection is ended in order")
    ] = None,
    max_connection_idle: Annotated[
        float | None, typer.Option(min=1, help="seconds after which a connection without calls is ended")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM of the certificate, with its chain", exists=True)] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM of its key", exists=True)] = None,
    client_ca: Annotated[
        Path | None, typer.Option(help="PEM of authorities: clients must show a certificate of theirs", exists=True)
    ] = None,
    tokens: Annotated[
        Path | None, typer.Option(help="a file of lines `NAME TOKEN`: bearer tokens that are let in", exists=True)
    ] = None,
    auth: Annotated[
        str | None, typer.Option(metavar="MODULE:NAME", help="an asynchronous function that lets calls in or not")
    ] = None,
    reflection: Annotated[bool, typer.Option(help="tell contracts to whoever asks")] = True,
    reuse_port: Annotated[bool, typer.Option("--reuse-port", help="let a second gateway listen there too")] = False,
    lame_duck: Annotated[
        float, typer.Option(min=0, help="seconds of saying NOT_SERVING before calls are refused")
    ] = 0.0,
    grace: GraceOption = DEFAULT_GRACE,
    connect_timeout: ConnectTimeoutOption = DEFAULT_CONNECT_TIMEOUT,
    otel: Annotated[bool, typer.Option("--otel", help="spans and metrics, with the global providers")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="log what the gateway does, not only warnings")] = False,
) -> None:
    """Serve the methods of contracts on gRPC until SIGINT or SIGTERM.

    Any gRPC client calls functions of iii, whatever their workers are written in. No generated code is needed; without
    --proto and --descriptor-set the contracts are those that live workers tell:

        iii-bridge gateway --listen 127.0.0.1:50051 --proto proto

    The first signal lets calls finish, the second one does not. Exit codes: 0 after a signal, 1 when a contract cannot
    be read, the engine stays away or the address is taken, 2 for an option that is wrong.
    """
    start_logging(verbose=verbose)
    options = GatewayOptions(
        listen=listen,
        tls=_tls(tls_cert, tls_key, client_ca),
        forward_metadata=tuple(metadata or ("*",)),
        namespace=of_namespace,
        max_message_bytes=max_message,
        max_calls=max_calls,
        compress=compress,
        keepalive=keepalive,
        max_connection_age=max_connection_age,
        max_connection_idle=max_connection_idle,
        lame_duck=lame_duck,
        reflection=reflection,
        reuse_port=reuse_port,
    )
    authenticate = _authenticator(tokens, auth)
    given = given_contracts(proto, include or (), descriptor_set)
    tracing = OpenTelemetry() if otel else None
    running: list[Gateway] = []

    async def start(bridge: Bridge) -> None:
        contracts = [given] if given is not None else await contracts_there(Catalogue(bridge.call))
        specs = chosen_services(contracts, service or [])
        descriptors = [each.descriptors for each in contracts]
        made = Gateway(bridge, specs, descriptors, options, authenticate=authenticate, tracing=tracing)
        await made.start()
        running.append(made)
        methods = sum(len(spec.methods) for spec in specs)
        typer.echo(
            f"ready: {methods} methods of {len(specs)} services at {made.address} as worker {bridge.worker_name}"
        )

    async def finish(seconds: float) -> None:
        for made in running:
            await made.stop(seconds)

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


def chosen_services(contracts: Sequence[Contracts], names: Sequence[str]) -> list[ServiceSpec]:
    """The services named, or all of them. Raises LocalProtocolError for one that no contract has."""
    known = {name: spec for each in contracts for name, spec in each.services.items()}
    missing = [name for name in names if name not in known]
    if missing or not known:
        shown = ", ".join(known) or "no service; name --proto, or start a worker that serves a contract"
        raise LocalProtocolError(f"there is no service {', '.join(missing) or 'at all'}; the contracts have {shown}")
    return [known[name] for name in names or known]


def _tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> Tls | None:
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise typer.BadParameter("TLS needs both --tls-cert and --tls-key")
    return Tls.read(certificate, key, client_ca)


def _authenticator(tokens: Path | None, auth: str | None) -> Authenticator | None:
    if tokens is not None and auth is not None:
        raise typer.BadParameter("name --tokens or --auth, not both")
    if tokens is not None:
        lines = [line.split() for line in tokens.read_text(encoding="utf-8").splitlines()]
        pairs = [line for line in lines if line and not line[0].startswith("#")]
        if any(len(pair) != 2 for pair in pairs):
            raise typer.BadParameter(f"{tokens} is no list of tokens; write a line `NAME TOKEN` for each")
        return BearerTokens({token: owner for owner, token in pairs})
    if auth is None:
        return None
    sys.path.insert(0, os.getcwd())
    hook: Authenticator = load_target(auth)
    return hook
