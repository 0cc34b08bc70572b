"""Clients that call and call, and count how every call ended."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any

import grpc

__all__ = ["Load"]


class Load:
    """`with Load({"Echo": call, …}) as load:` calls until it is left; each call must end within its timeout."""

    def __init__(self, calls: dict[str, Callable[[], Any]], threads: int = 2) -> None:
        """So many threads for each call."""
        self.ended: dict[str, Counter[str]] = {name: Counter() for name in calls}
        self.failures: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(name, call))
            for name, call in calls.items()
            for _ in range(threads)
        ]

    def _run(self, name: str, call: Callable[[], Any]) -> None:
        ended = self.ended[name]
        try:
            while not self._stop.is_set():
                try:
                    call()
                    ended["OK"] += 1
                except grpc.RpcError as error:
                    failed: Any = error
                    ended[failed.code().name] += 1
                    self._stop.wait(0.02)
        except BaseException as error:
            self.failures.append(error)

    def count(self, name: str, code: str = "OK") -> int:
        """How many calls of a name have ended so."""
        return self.ended[name][code]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Lets the calls under way end; twice does no harm."""
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self._threads), "a call never ended"
        assert not self.failures, self.failures
