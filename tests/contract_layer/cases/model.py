"""What one case is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVERYTHING", "REFUSED", "Case", "bad", "good", "ignores", "prints"]

EVERYTHING = "every.v1.Everything"
REFUSED = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document or one message, and what comes of it. None for what is refused."""

    document: str | bytes | None
    """JSON to be read; None where a message is only printed."""
    message: str | None
    """The message in protobuf's text format."""
    printed: str | None = None
    """The message as canonical ProtoJSON, defaults left out."""
    type: str = EVERYTHING
    ignoring: bool = False
    """Whether enum values whose names the contract does not know are ignored."""

    def __str__(self) -> str:
        shown = self.document if self.document is not None else self.message
        return ascii(shown)[:200]


def good(document: str | bytes, message: str, printed: str | None = None, of: str = EVERYTHING) -> Case:
    """A document that is read; `printed` where it is printed otherwise than it was written."""
    if printed is None:
        printed = document if isinstance(document, str) else document.decode()
    return Case(document=document, message=message, printed=printed, type=of)


def bad(document: str | bytes, of: str = EVERYTHING) -> Case:
    """A document that is refused."""
    return Case(document=document, message=REFUSED, type=of)


def prints(message: str, printed: str | None, of: str = EVERYTHING) -> Case:
    """A message, from binary, and how it is printed; None for one that has no JSON form."""
    return Case(document=None, message=message, printed=printed, type=of)


def ignores(document: str, message: str | None, printed: str | None = None, of: str = EVERYTHING) -> Case:
    """A document that is read with unknown names of enum values ignored; refused where `message` is None."""
    return Case(document=document, message=message, printed=printed, type=of, ignoring=True)
