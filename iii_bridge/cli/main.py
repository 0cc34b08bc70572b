"""The `iii-bridge` program: one verb per module, imported when it is used.

A verb whose libraries are not installed is still listed; running it names the
extra to install.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from iii_bridge.cli.completing import answer_bash, asks_from_bash
from iii_bridge.errors import BridgeError

__all__ = ["app", "main"]


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb lives, and which extra of the distribution it needs."""

    module: str
    attribute: str
    extra: str | None
    help: str


VERBS: Final = {
    "init": Verb("iii_bridge.cli.init", "init", "codegen", "Start a project with everything it needs."),
    "codegen": Verb("iii_bridge.cli.codegen", "codegen", "codegen", "Generate stubs and schemas from the contracts."),
    "schema": Verb("iii_bridge.cli.schema", "schema", "codegen", "Print the JSON Schema of one message or method."),
    "lint": Verb("iii_bridge.cli.lint", "lint", "codegen", "Look for what is wrong or unwise in the contracts."),
    "breaking": Verb("iii_bridge.cli.breaking", "breaking", "codegen", "Compare the contracts with an older version."),
    "list": Verb("iii_bridge.cli.functions", "list_functions", None, "List the functions of a live engine."),
    "call": Verb("iii_bridge.cli.call", "call", None, "Call a function of a live engine."),
    "check": Verb("iii_bridge.cli.check", "check", "codegen", "Compare the contracts with a live engine."),
    "watch": Verb("iii_bridge.cli.watch", "watch", None, "Show logs and registrations of a live engine."),
    "import": Verb(
        "iii_bridge.cli.importing", "import_contracts", "codegen", "Write contracts for the functions of a live engine."
    ),
    "test": Verb(
        "iii_bridge.cli.test", "run_tests", "codegen,engine,pytest", "Test a live worker against its contract."
    ),
    "engine": Verb("iii_bridge.cli.engine", "engine", "engine", "Run the embedded engine."),
    "serve": Verb("iii_bridge.cli.serve", "serve", None, "Serve services of a module until a signal."),
    "demo": Verb("iii_bridge.cli.demo", "demo", "all", "Run typed calls across Python, TypeScript and Rust."),
    "http-front": Verb(
        "iii_bridge.cli.http_front", "http_front", "codegen", "Serve http routes for workers in other languages."
    ),
    "gateway": Verb("iii_bridge.cli.gateway", "gateway", "gateway", "Serve methods of contracts on gRPC."),
    "expose": Verb("iii_bridge.cli.expose", "expose", "gateway", "Register the methods of a gRPC server as functions."),
    "protos": Verb("iii_bridge.cli.protos", "app", "codegen", "Find or copy the option and google .proto files."),
}


class LazyVerbs(TyperGroup):
    """Imports a verb's module when the verb is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb's command, or None for an unknown verb."""
        verb = VERBS.get(cmd_name)
        return None if verb is None else _load(cmd_name, verb)


def _load(name: str, verb: Verb) -> Any:
    try:
        target = getattr(importlib.import_module(verb.module), verb.attribute)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] in {"iii_bridge", "iii_codegen"}:
            raise
        command = _command(name, _needs_extra(name, verb, error), _ANY_ARGUMENTS)
    else:
        command = get_command(target) if isinstance(target, typer.Typer) else _command(name, target)
    command.name = name
    return command


def _command(name: str, function: Any, settings: dict[str, Any] | None = None) -> Any:
    single = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    single.command(name, help=None, context_settings=settings)(function)
    return get_command(single)


def _needs_extra(name: str, verb: Verb, error: ModuleNotFoundError) -> Any:
    def missing(context: typer.Context) -> None:
        typer.echo(
            f"error: `iii-bridge {name}` needs {error.name}, which is not installed; "
            f"install it with: pip install 'iii-bridge[{verb.extra or 'all'}]'",
            err=True,
        )
        raise typer.Exit(2)

    missing.__doc__ = f"{verb.help} (not installed: pip install 'iii-bridge[{verb.extra or 'all'}]')"
    return missing


_ANY_ARGUMENTS: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
"""For verbs that are not installed: whatever they are given, the answer is what to install."""


app = typer.Typer(
    cls=LazyVerbs,
    name="iii-bridge",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"iii-bridge {version('iii-bridge')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Protobuf contracts for iii: generate, serve and check typed functions."""


def main() -> None:
    """The console script: errors of ours, and files that cannot be used, are one line and never a stack trace."""
    try:
        if asks_from_bash(os.environ):
            answer_bash(os.environ, app)
        else:
            app()
    except BridgeError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        typer.echo(f"error: cannot use {error.filename}: {(error.strerror or type(error).__name__).lower()}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
