"""The pytest plugin: an engine, workers in any language and typed clients as fixtures.

Nothing here runs unless a test asks for a fixture, and nothing is imported
before that but pytest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from iii_bridge.bridge.blocking import BridgeSync
    from iii_bridge.testing.contract_fixtures import ContractTester, Mocks
    from iii_bridge.testing.engines import Link, LiveEngine
    from iii_bridge.testing.fixtures import AsyncClients, Clients, Connect, Workers
    from iii_bridge.testing.workers import WorkerProcess

__all__ = [
    "iii_async_client",
    "iii_client",
    "iii_connect",
    "iii_connection",
    "iii_contract",
    "iii_engine",
    "iii_mock",
    "iii_module_worker",
    "iii_session_worker",
    "iii_url",
    "iii_worker",
    "pytest_addoption",
    "pytest_runtest_makereport",
]

_SHOWN_LINES: Final = 60
_workers: Final = pytest.StashKey[list["WorkerProcess"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--iii-url` and `--iii-engine`, and the same in the configuration file."""
    group = parser.getgroup("iii-bridge")
    group.addoption("--iii-url", metavar="URL", help="the engine tests run on; default $III_URL, else one of their own")
    group.addoption("--iii-engine", choices=("embedded", "process"), help="what an engine of their own is")
    parser.addini("iii_url", "the engine tests run on; default $III_URL, else one of their own", default="")
    parser.addini("iii_engine", "embedded (in this process, the default) or process", default="embedded")
    parser.addini("iii_ready", "seconds a worker may take to register its functions", default="60")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what workers printed beside a test that failed."""
    report = yield
    workers = item.config.stash.setdefault(_workers, [])
    if report.failed:
        for worker in workers:
            lines = worker.log().splitlines()[-_SHOWN_LINES:]
            report.sections.append((f"worker {worker.name}", "\n".join(lines) or "(it printed nothing)"))
    if report.when == "teardown":
        workers[:] = [worker for worker in workers if worker.process.running]
    return report


def _option(config: pytest.Config, name: str) -> str:
    return str(config.getoption(name, None) or config.getini(name))


# --- the engine ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def iii_engine(pytestconfig: pytest.Config) -> Iterator[LiveEngine]:
    """The engine of this run: `url`, `http_url`. One of its own unless `--iii-url`, `iii_url` or `$III_URL` is set."""
    import os

    from iii_bridge.testing.engines import engine_at, live_engine

    url = _option(pytestconfig, "iii_url") or os.environ.get("III_URL", "")
    if url:
        yield engine_at(url)
        return
    kind: Any = _option(pytestconfig, "iii_engine")
    if kind not in ("embedded", "process"):
        raise pytest.UsageError(f"iii_engine is {kind!r}; write embedded or process")
    with live_engine(kind) as engine:
        yield engine


@pytest.fixture(scope="session")
def iii_url(iii_engine: LiveEngine) -> str:
    """Where workers and clients connect."""
    return iii_engine.url


@pytest.fixture(scope="session")
def _iii_link(iii_url: str) -> Iterator[Link]:
    from iii_bridge.testing.engines import linked

    with linked(iii_url) as link:
        yield link


# --- workers ---------------------------------------------------------------------------------------------------------


def _worker_factory(config: pytest.Config, link: Link) -> Iterator[Workers]:
    from iii_bridge.testing.fixtures import workers

    started = config.stash.setdefault(_workers, [])
    with ExitStack() as stack:
        yield workers(link, stack, started.append, float(config.getini("iii_ready")))


@pytest.fixture
def iii_worker(pytestconfig: pytest.Config, _iii_link: Link) -> Iterator[Workers]:
    """Starts worker programs: `iii_worker("node dist/main.js", services=[OrdersService])`.

    They are stopped after the test, and what they printed is shown when it fails.
    """
    yield from _worker_factory(pytestconfig, _iii_link)


@pytest.fixture(scope="module")
def iii_module_worker(pytestconfig: pytest.Config, _iii_link: Link) -> Iterator[Workers]:
    """As `iii_worker`; they are stopped after the module."""
    yield from _worker_factory(pytestconfig, _iii_link)


@pytest.fixture(scope="session")
def iii_session_worker(pytestconfig: pytest.Config, _iii_link: Link) -> Iterator[Workers]:
    """As `iii_worker`; they are stopped at the end."""
    yield from _worker_factory(pytestconfig, _iii_link)


# --- clients ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def iii_connection(_iii_link: Link) -> BridgeSync:
    """A blocking bridge to the engine, for the whole run."""
    return _iii_link.sync


@pytest.fixture
def iii_client(iii_connection: BridgeSync) -> Clients:
    """A blocking typed client: `iii_client(OrdersClientSync)`, with `namespace=` where it is not the default."""
    from iii_bridge.testing.fixtures import clients

    return clients(iii_connection)


@pytest.fixture
def iii_connect(iii_url: str) -> Connect:
    """A bridge on the test's own event loop: `async with iii_connect() as bridge`. Takes the options of `connect`."""
    import functools

    from iii_bridge.bridge.connecting import connect

    return functools.partial(connect, iii_url)


@pytest.fixture
def iii_async_client(iii_connect: Connect) -> AsyncClients:
    """An asynchronous typed client on the test's own loop: `async with iii_async_client(OrdersClient) as orders`."""
    from iii_bridge.testing.fixtures import async_clients

    return async_clients(iii_connect)


# --- contracts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def iii_contract(pytestconfig: pytest.Config, _iii_link: Link) -> ContractTester:
    """Tests a live worker against its contract: `iii_contract(OrdersService)`, or `"shop.orders.v1.OrdersService"`."""
    from iii_bridge.testing.contract_fixtures import tested
    from iii_bridge.testing.outcomes import Verdict, failures_text
    from iii_bridge.testing.runner import RunnerOptions

    def test(service: Any, /, *, strict: bool = False, **options: Any) -> Any:
        __tracebackhide__ = True
        outcomes = tested(_iii_link, service, pytestconfig.rootpath, RunnerOptions(**options))
        bad = (Verdict.FAILED, Verdict.UNPROVEN) if strict else (Verdict.FAILED,)
        failures = failures_text(outcomes, bad)
        if failures:
            pytest.fail(failures, pytrace=False)
        return outcomes

    return test


@pytest.fixture
def iii_mock(iii_url: str) -> Iterator[Mocks]:
    """Stands in for a service: `orders = iii_mock(OrdersService)`; see `iii_bridge.testing.MockWorker`."""
    from iii_bridge.testing.contract_fixtures import mocks

    with ExitStack() as stack:
        yield mocks(iii_url, stack)
