"""What type hints say of a plain function: its JSON Schemas (2020-12) and how to build its argument."""

from __future__ import annotations

import importlib
import inspect
import logging
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from iii_bridge.errors import ContractError, Side
from iii_bridge.types import Json

__all__ = ["Converter", "converter_for", "schemas_of"]

_log: Final = logging.getLogger("iii_bridge.worker")

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Converter = Callable[[Json], Any]
"""Turns the decoded payload into what the function takes."""


def schemas_of(function: Callable[..., Any]) -> tuple[Mapping[str, Json] | None, Mapping[str, Json] | None]:
    """Request and response schema, each None where the hints say nothing.

    Pydantic writes them where it is installed, as the official SDK does
    (sdks.md 2.3); msgspec otherwise.
    """
    request, response = _hints(function)
    return _schema(request, "validation"), _schema(response, "serialization")


def converter_for(function_id: str, function: Callable[..., Any]) -> Converter:
    """Builds the first argument: Pydantic models, dataclasses and Structs; anything else stays plain JSON.

    The converter raises ContractError with the path of what does not fit.
    """
    hint: Any = _hints(function)[0]
    if not inspect.isclass(hint):
        return _unchanged
    if hasattr(hint, "model_validate"):
        return _pydantic_converter(function_id, hint)
    if {"__dataclass_fields__", "__struct_fields__"} & set(dir(hint)):
        return _msgspec_converter(function_id, hint)
    return _unchanged


def _unchanged(payload: Json) -> Any:
    return payload


def _pydantic_converter(function_id: str, model: Any) -> Converter:
    def convert(payload: Json) -> Any:
        try:
            return model.model_validate(payload)
        except ValueError as error:  # pydantic.ValidationError is one
            first = _first_problem(error)
            raise ContractError(function_id, Side.REQUEST, *first) from None  # its text holds the payload

    return convert


def _first_problem(error: Any) -> tuple[str, str]:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in details[0]["loc"])
    return f"${path}", str(details[0]["type"]).replace("_", " ")


def _msgspec_converter(function_id: str, hint: Any) -> Converter:
    def convert(payload: Json) -> Any:
        try:
            return msgspec.convert(payload, hint)
        except msgspec.ValidationError as error:
            problem, _, path = str(error).partition(" - at `")
            text = problem[:1].lower() + problem[1:]
            raise ContractError(function_id, Side.REQUEST, path.rstrip("`") or "$", text) from None

    return convert


def _hints(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The hints of the first parameter and of the result; Any where there is none."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
        names = list(inspect.signature(function).parameters)
    except (NameError, TypeError, ValueError):
        return Any, Any
    return (hints.get(names[0], Any) if names else Any), hints.get("return", Any)


def _schema(hint: Any, mode: str) -> Mapping[str, Json] | None:
    if hint is Any:
        return None
    try:
        return {"$schema": _DIALECT, **_write_schema(hint, mode)}
    except Exception as error:  # either library may raise anything for a type it does not know
        _log.debug("no schema for %r: %s", hint, error)
        return None


def _write_schema(hint: Any, mode: str) -> Mapping[str, Json]:
    try:
        pydantic: Any = importlib.import_module("pydantic")
    except ImportError:
        return msgspec.json.schema(hint)
    written: Mapping[str, Json] = pydantic.TypeAdapter(hint).json_schema(mode=mode, by_alias=True)
    return written
