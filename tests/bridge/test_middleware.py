"""Typed middleware and conditions in front of an http binding, on the embedded engine."""

from __future__ import annotations

from typing import Any

import httpx

from iii_bridge.abi.v1 import Value
from iii_bridge.v1 import HttpMiddlewareResponse, HttpResponse
from tests.bridge.contracts import peers
from tests.bridge.support import bench, run_really


class Guarded(peers.GuardedService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    async def ask(self, request: Any, context: Any, /) -> Any:
        assert dict(context.binding.metadata) == {"by": "contract"}
        return peers.Answer(text=request.text)

    async def check(self, request: Any, context: Any, /) -> Any:
        self.asked.append((request.phase, dict(request.request.path_params)))
        if request.request.headers.get("x-token") == "right":
            return HttpMiddlewareResponse(action="continue")
        body = Value.from_python({"why": "no token"})
        return HttpMiddlewareResponse(action="respond", response=HttpResponse(status_code=401, body=body))


def test_a_middleware_answers_in_its_methods_place_and_a_condition_skips_it() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, service = await b.bridge("worker"), Guarded()
            # only a literal false says no (wire.md 6.1), and that is no JSON object: a plain function
            worker.register_function("guarded::wants", lambda request: request["path_params"]["text"] != "unwanted")
            await worker.serve(service)
            async with httpx.AsyncClient(base_url=b.engine.http_url, trust_env=False, timeout=30) as http:
                token = {"x-token": "right"}
                let_in = await http.get("/guarded/tea", headers=token)
                assert (let_in.status_code, let_in.json()["text"]) == (200, "tea")
                refused = await http.get("/guarded/tea", headers={"x-token": "wrong"})
                assert (refused.status_code, refused.json()) == (401, {"why": "no token"})
                assert service.asked == [("preHandler", {"text": "tea"})] * 2
                skipped = await http.get("/guarded/unwanted", headers=token)
                assert (skipped.status_code, skipped.json()["error"]["code"]) == (422, "CONDITION_NOT_MET")
                assert len(service.asked) == 2, "the condition comes first (wire.md 7.1)"

    run_really(main(), 60)
