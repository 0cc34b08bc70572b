"""The parameter of a protoc plugin: `key=value,key=value`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

__all__ = ["OptionsError", "parse_options"]


class OptionsError(ValueError):
    """A parameter that cannot be used; the text names the option and the fix."""


def parse_options(parameter: str, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Reads a parameter. `known` maps each option to the values it may have, the default first.

    Raises OptionsError.
    """
    chosen = {name: values[0] for name, values in known.items()}
    for part in filter(None, (piece.strip() for piece in parameter.split(","))):
        name, _, value = part.partition("=")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise OptionsError(
                f"unknown option {name}" + (f"; did you mean {near[0]}?" if near else "; there are none")
            )
        if value not in known[name]:
            raise OptionsError(f"option {name} is {value or 'empty'}; choose from {', '.join(known[name])}")
        chosen[name] = value
    return chosen
