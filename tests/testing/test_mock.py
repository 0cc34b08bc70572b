"""Mocks: answers from the contract, answers of one's own, and what was asked."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from iii_bridge import ContractError, InvocationTimeoutError, StatusCode, StatusError, in_memory
from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.contract.spec import HttpEndpointSpec
from iii_bridge.testing.engines import Link
from iii_bridge.testing.mock import MockWorker
from tests.bridge.contracts import shop
from tests.engine.peers.peers import COMMANDS, Peer
from tests.testing.ledger import FEED, LEDGER, contracts, one_engine


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    with one_engine() as link:
        yield link


@pytest.fixture
def ledger(link: Link) -> Iterator[MockWorker]:
    with MockWorker(contracts().services[LEDGER]).running(link.bridge.url) as mock:
        yield mock


def post(link: Link, **entry: Any) -> Any:
    return link.sync.call("ledger::post", {"account": "a", **entry}, timeout=20.0)


def test_it_is_registered_as_the_service_is(link: Link, ledger: MockWorker) -> None:
    catalogue = Catalogue(link.bridge.call)
    live = link.run(lambda: catalogue.describe(["ledger::post"]))["ledger::post"]
    assert live.digest == contracts().services[LEDGER].digest
    assert live.request_schema["title"] == "Entry"
    assert [t.config["api_path"] for t in link.run(catalogue.triggers) if t.trigger_type == "http"] == [
        "/ledger/entries"
    ]


def test_generated_answers_fit_the_contract_and_are_the_same_again(link: Link, ledger: MockWorker) -> None:
    answers = [post(link) for _ in range(10)]
    assert all({"account", "cents"} <= set(answer) for answer in answers)
    assert len({str(answer) for answer in answers}) > 3
    with MockWorker(contracts().services[LEDGER]).running(link.bridge.url, namespace="again"):
        again = [link.sync.call("ledger::post", {"account": "a"}, namespace="again") for _ in range(10)]
    assert again == answers


def test_answers_errors_functions_and_delays_can_be_set(link: Link, ledger: MockWorker) -> None:
    posted = contracts().message_class("ledger.v1.Posted")
    ledger["Post"].answers(posted(account="first"), StatusError(StatusCode.ABORTED, "second"), posted(account="rest"))
    assert post(link)["account"] == "first"
    with pytest.raises(StatusError, match="second"):
        post(link)
    assert [post(link)["account"] for _ in range(3)] == ["rest"] * 3
    ledger["post"].answers(lambda request: posted(account=request.account * 2))
    assert post(link, account="xy")["account"] == "xyxy"

    async def later(request: Any, context: Any) -> Any:
        await asyncio.sleep(0)
        return posted(account=str(context.metadata["tenant"]))

    ledger["Post"].answers(later)
    assert link.sync.call("ledger::post", {"account": "a"}, metadata={"tenant": "blue"})["account"] == "blue"
    ledger["Post"].fails(StatusCode.NOT_FOUND, "no such account", [{"@type": "x", "account": "a"}])
    with pytest.raises(StatusError) as caught:
        post(link)
    assert (caught.value.status, caught.value.details) == (StatusCode.NOT_FOUND, ({"@type": "x", "account": "a"},))
    ledger["Post"].delays(60.0)
    with pytest.raises(InvocationTimeoutError):
        link.sync.call("ledger::post", {"account": "a"}, timeout=0.2)
    ledger.forget()
    assert "account" in post(link)


def test_an_answer_that_breaks_the_contract_does_not_leave_the_mock(link: Link, ledger: MockWorker) -> None:
    ledger["Post"].answers("no message at all")
    with pytest.raises(ContractError, match="expected Posted, found str"):
        post(link)


def test_calls_are_recorded_and_bad_ones_are_not(link: Link, ledger: MockWorker) -> None:
    link.sync.call("ledger::post", {"account": "a", "cents": "7"}, metadata={"tenant": "blue"})
    (call,) = ledger["Post"].wait_for_calls()
    assert (call.request.account, call.request.cents, call.metadata) == ("a", 7, {"tenant": "blue"})
    assert call.caller_worker_id
    with pytest.raises(ContractError, match=r"required member is missing at \$.account"):
        link.sync.call("ledger::post", {"cents": "7"})
    assert len(ledger["Post"].calls) == 1
    with pytest.raises(TimeoutError, match="was called 1 times, not 2"):
        ledger["Post"].wait_for_calls(2, timeout=0.05)
    with pytest.raises(KeyError, match="no method Pots; it has Post, Count"):
        _ = ledger["Pots"]


def test_streams_of_all_kinds(link: Link) -> None:
    page = contracts().message_class("feed.v1.Page")
    spec = {method.full_name.rpartition("/")[2]: method for method in contracts().services[FEED].methods}
    two = [page(number=1, title="one"), page(number=2, title="two")]
    with MockWorker(contracts().services[FEED]).running(link.bridge.url) as feed:
        assert len(list(link.sync.stream_method(spec["Read"], two[0]))) == 3
        feed["Read"].answers(two)
        assert [item.title for item in link.sync.stream_method(spec["Read"], two[0])] == ["one", "two"]
        feed["Turn"].answers(lambda requests: requests[::-1])
        assert [item.title for item in link.sync.stream_method(spec["Turn"], two)] == ["two", "one"]
        assert [item.title for item in feed["Turn"].calls[0].request] == ["one", "two"]
        assert len(list(link.sync.stream_method(spec["Load"], two))) == 1
        assert feed["Load"].calls[0].request == two


def test_generated_bases_and_clients_will_do() -> None:
    async def main() -> None:
        mock = MockWorker(shop.StrictService)
        mock["Get"].answers(shop.Receipt(order_id="17", total=5))
        async with in_memory(mock.service()) as client:
            assert (await client.get(shop.GetRequest(order_id="x"))).order_id == "17"
        assert mock["get"].calls[0].request.order_id == "x"

    asyncio.run(main())
    assert MockWorker(shop.StrictClient).spec.full_name == MockWorker(shop.StrictServiceSync).spec.full_name


def test_no_real_endpoint_is_called(link: Link) -> None:
    spec = contracts().services[LEDGER]
    methods = tuple(
        dataclasses.replace(m, http_endpoint=HttpEndpointSpec(url="https://example.com")) for m in spec.methods
    )
    with MockWorker(dataclasses.replace(spec, methods=methods)).running(link.bridge.url):
        assert "account" in post(link)


@pytest.mark.parametrize("sdk", COMMANDS)
def test_consumers_on_official_sdks_are_tested_without_their_provider(link: Link, ledger: MockWorker, sdk: str) -> None:
    """In TypeScript, Rust and Python: programs that know nothing of mocks."""
    ledger["Post"].answers(contracts().message_class("ledger.v1.Posted")(account="till", cents=2**60))
    with Peer(sdk, link.bridge.url, f"consumer-{sdk}") as consumer:
        assert consumer.call("ledger::post", {"account": "till", "cents": "5"})["cents"] == str(2**60)
        assert "required member is missing" in consumer.refused("ledger::post", {"cents": "5"})["message"]
    assert [call.request.cents for call in ledger["Post"].calls] == [5]
