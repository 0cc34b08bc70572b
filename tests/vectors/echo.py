"""The vectors through an engine: every language echoes them, and every language calls every echo with them."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from iii_bridge.contract.backend import backend_of
from iii_bridge.errors import BridgeError
from tests.contract.bus import Bus
from tests.vectors.contracts import google_class, google_method, stubs
from tests.vectors.documents import Answer
from tests.vectors.golden import Golden

__all__ = ["CALLERS", "LANGUAGES", "METHODS", "answers", "echoed_json", "python_echo"]

T = TypeVar("T")
LANGUAGES: Final = ("python", "typescript", "rust")
CALLERS: Final = ("python", "google", "typescript", "rust")
"""`python` is betterproto2, `google` the other message library."""
METHODS: Final = {"echo": "default", "compact": "compact", "numbers": "int64-numbers"}
"""What the workers are asked, and in which profile they answer: `compact` has names as in the contract, numbers for
enum values, and leaves out defaults."""

_AT_ONCE: Final = 100


def python_echo() -> Any:
    """The Python worker, on the generated base."""

    class Echo(stubs().PythonEchoService):  # type: ignore[misc]
        async def echo(self, request: Any, context: Any, /) -> Any:
            return request

        async def compact(self, request: Any, context: Any, /) -> Any:
            return request

        async def numbers(self, request: Any, context: Any, /) -> Any:
            return request

    return Echo()


def answers(bus: Bus, caller: str, callee: str, method: str, vectors: Sequence[Golden]) -> list[Answer]:
    """What a caller was answered, in binary, when it sent each vector to a callee."""
    whole = [_wrapped(vector) for vector in vectors]
    if caller in {"python", "google"}:
        heard = _from_python(caller, bus, callee, method, whole)
    else:
        heard = [
            answer for some in _parts(whole) for answer in bus.run(_from_worker(caller, bus, callee, method, some))
        ]
    return [_unwrapped(vector, answer) for vector, answer in zip(vectors, heard, strict=True)]


def echoed_json(bus: Bus, callee: str, method: str, asked: Sequence[tuple[Golden, str]]) -> list[Answer]:
    """What an untyped caller is answered, as JSON, when it sends documents: (vector, document)."""

    async def ask(item: tuple[Golden, str]) -> Answer:
        member = _member(item[0])
        try:
            answer: Any = await bus.bridge.call(f"{callee}-echo::{method}", {member: json.loads(item[1])})
        except BridgeError as error:
            return Answer(error=str(error))
        inner = next((answer[name] for name in (member, _camel(member)) if name in answer), None)
        return Answer(json={METHODS[method]: json.dumps(inner)})

    return _in_crowds(bus, ask, asked)


def _from_python(caller: str, bus: Bus, callee: str, method: str, vectors: Sequence[bytes]) -> list[Answer]:
    """Through the generated client on betterproto2, or with google's messages."""
    service = f"{callee.capitalize()}Echo"
    if caller == "google":
        cls = google_class("Vector")
        call = functools.partial(bus.bridge.call_method, google_method(f"{service}Service", method))
    else:
        cls = stubs().Vector
        call = getattr(getattr(stubs(), f"{service}Client")(bus.bridge), method)
    backend = backend_of(cls)

    async def ask(vector: bytes) -> Answer:
        try:
            answer = await call(backend.parse(cls, vector))
        except BridgeError as error:
            return Answer(error=str(error))
        return Answer(binary=backend.serialize(answer))

    return _in_crowds(bus, ask, vectors)


def _in_crowds(bus: Bus, ask: Callable[[T], Awaitable[Answer]], items: Sequence[T]) -> list[Answer]:
    async def crowd(some: Sequence[T]) -> list[Answer]:
        return await asyncio.gather(*(ask(item) for item in some))

    return [answer for some in _parts(items) for answer in bus.run(crowd(some))]


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


async def _from_worker(caller: str, bus: Bus, callee: str, method: str, vectors: Sequence[bytes]) -> list[Answer]:
    told = {"callee": callee, "method": method, "vectors": [base64.b64encode(vector).decode() for vector in vectors]}
    heard: Any = await bus.bridge.call(f"{caller}-vectors::call", told)
    return [
        Answer(error=answer["error"]) if "error" in answer else Answer(binary=base64.b64decode(answer["binary"]))
        for answer in heard
    ]


def _member(vector: Golden) -> str:
    """The field of vectors.v1.Vector, as the contract writes it."""
    return re.sub("(?<!^)([A-Z])", r"_\1", vector.type).lower()


def _camel(name: str) -> str:
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def _wrapped(vector: Golden) -> bytes:
    whole = google_class("Vector")()
    inner = getattr(whole, _member(vector))
    inner.SetInParent()
    inner.MergeFromString(vector.binary)
    data: bytes = whole.SerializeToString(deterministic=True)
    return data


def _unwrapped(vector: Golden, answer: Answer) -> Answer:
    if answer.error is not None:
        return answer
    whole = google_class("Vector").FromString(answer.binary)
    if whole.WhichOneof("message") != _member(vector):
        return Answer(error=f"another message: {whole.WhichOneof('message')}")
    return Answer(binary=getattr(whole, _member(vector)).SerializeToString(deterministic=True))
