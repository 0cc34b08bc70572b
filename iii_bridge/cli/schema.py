"""`iii-bridge schema`: the JSON Schema of one message, or of one side of a method."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iii_bridge.cli.options import ProjectOption, ProtoOption
from iii_codegen.libraries import require_libraries

__all__ = ["Dialect", "Profile", "schema"]

require_libraries()


class Profile(StrEnum):
    """What a schema describes."""

    CANONICAL = "canonical"
    PROTOJSON = "protojson"


class Dialect(StrEnum):
    """The dialects of JSON Schema."""

    DRAFT_2020_12 = "2020-12"
    DRAFT_07 = "draft-07"


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="MESSAGE",
            help="shop.v1.Order, or its last part; shop.v1.Orders/Place; a function id.",
            show_default=False,
        ),
    ],
    profile: Annotated[
        Profile, typer.Option("--profile", help="What is printed, or everything a conforming parser accepts.")
    ] = Profile.CANONICAL,
    dialect: Annotated[Dialect, typer.Option("--dialect", help="The dialect of JSON Schema.")] = Dialect.DRAFT_2020_12,
    response: Annotated[bool, typer.Option("--response", help="Of a method: what it answers.")] = False,
    proto: ProtoOption = None,
    project: ProjectOption = Path(),
) -> None:
    """Print the JSON Schema of one message, or of the request or the response of one method.

    Exit codes: 0 done, 1 a contract has errors, 2 there is no such name, or the settings cannot be used.

    Examples:

    - `iii-bridge schema shop.orders.v1.PlaceRequest`
    - `iii-bridge schema orders::place --response --dialect draft-07`
    - `iii-bridge schema PlaceRequest --profile protojson --proto contracts/proto`
    """
    from iii_codegen.show import show_schema

    code = show_schema(
        project,
        name,
        profile=profile.value,
        dialect=dialect.value,
        response=response,
        proto=proto,
        out=typer.echo,
        err=lambda line: typer.echo(line, err=True),
    )
    if code:
        raise typer.Exit(code)
