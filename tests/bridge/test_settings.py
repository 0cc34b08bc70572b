"""Arguments, environment, defaults."""

from __future__ import annotations

import os
import socket
from importlib import metadata
from typing import Any

import pytest
from msgspec import UNSET

from iii_bridge.bridge.settings import Reconnect, Settings, Telemetry
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.backoff import Backoff

ENVIRONMENT = {"III_URL": "ws://env:1", "III_WORKER_NAME": "env-name", "III_NAMESPACE": "env-ns", "III_TOKEN": "secret"}
BLANK = dict.fromkeys(ENVIRONMENT, "  ")


def resolve(environment: dict[str, str], **arguments: Any) -> Settings:
    return Settings.resolve(environment=environment, **arguments)


def test_arguments_win_over_the_environment() -> None:
    settings = resolve(ENVIRONMENT, url="ws://arg:2", worker_name="arg-name", namespace="arg-ns")
    assert (settings.url, settings.worker_name, settings.namespace) == ("ws://arg:2", "arg-name", "arg-ns")


def test_the_environment_wins_over_the_defaults() -> None:
    settings = resolve(ENVIRONMENT)
    assert (settings.url, settings.worker_name, settings.namespace) == ("ws://env:1", "env-name", "env-ns")


@pytest.mark.parametrize("environment", [{}, BLANK])
def test_a_blank_variable_counts_as_unset(environment: dict[str, str]) -> None:
    settings = resolve(environment)
    assert settings.url == "ws://127.0.0.1:49134"
    assert settings.worker_name == f"{socket.gethostname()}:{os.getpid()}"
    assert settings.namespace is None
    assert settings.headers == {}
    assert (settings.timeout, settings.connect_timeout) == (30.0, 30.0)


@pytest.mark.parametrize("name", ["url", "worker_name", "namespace"])
def test_a_blank_argument_is_a_mistake(name: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"{name} is blank"):
        resolve({}, **{name: " "})


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
@pytest.mark.parametrize("name", ["timeout", "connect_timeout"])
def test_a_timeout_is_positive(name: str, seconds: float) -> None:
    with pytest.raises(LocalProtocolError, match="positive number of seconds"):
        resolve({}, **{name: seconds})


def test_threads_are_counted_from_one_and_a_name_of_nothing_is_the_process() -> None:
    with pytest.raises(LocalProtocolError, match="handler_threads must be at least 1"):
        resolve({}, handler_threads=0)
    assert resolve({}, worker_name="\x00").worker_name == f"{socket.gethostname()}:{os.getpid()}"


def test_the_token_is_a_bearer_unless_the_user_has_one_and_is_never_shown() -> None:
    settings = resolve(ENVIRONMENT, headers={"X-Team": "shop"})
    assert settings.headers == {"X-Team": "shop", "Authorization": "Bearer secret"}
    assert "secret" not in repr(settings)
    assert resolve(ENVIRONMENT, headers={"authorization": "Basic x"}).headers == {"authorization": "Basic x"}


def test_the_engine_is_told_who_this_is() -> None:
    registration = resolve({}, worker_name=" a\u2028b ", namespace="shop").registration(environment={})
    assert (registration.name, registration.namespace, registration.runtime) == ("ab", "shop", "python")
    assert registration.pid == os.getpid()
    assert registration.isolation is UNSET
    assert registration.version == metadata.version("iii-bridge")
    named = resolve({}).registration(environment={"III_ISOLATION": "vm"})
    assert (named.isolation, named.namespace) == ("vm", UNSET)


def test_a_source_tree_without_an_installation_has_a_version_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert resolve({}).registration(environment={}).version == "0+unknown"


@pytest.mark.parametrize(
    ("headers", "environment"),
    [
        ({"x-a": "secret\nb"}, {}),
        ({"x a": "secret"}, {}),
        ({"": "secret"}, {}),
        ({"x-a": "secret \u2603"}, {}),
        ({}, {"III_TOKEN": "secret\nb"}),
    ],
)
def test_a_header_that_cannot_be_sent_is_named_and_its_value_is_not(
    headers: dict[str, str], environment: dict[str, str]
) -> None:
    with pytest.raises(LocalProtocolError, match=r"^header '.*' cannot be sent") as caught:
        resolve(environment, headers=headers)
    assert "secret" not in str(caught.value)


def test_a_token_read_from_a_file_loses_its_newline() -> None:
    assert resolve({"III_TOKEN": "abc\n"}).headers["Authorization"] == "Bearer abc"


def test_the_engine_is_told_what_the_program_is() -> None:
    told = Telemetry(project_name="shop", framework="none")
    registration = resolve({}, description="Takes\x00 orders. ", telemetry=told).registration(environment={})
    assert registration.description == "Takes orders."
    assert (registration.telemetry.project_name, registration.telemetry.framework) == ("shop", "none")  # type: ignore[union-attr]
    assert resolve({}).registration(environment={}).description is UNSET


def test_reconnection_follows_the_sdks_unless_told_otherwise() -> None:
    assert resolve({}).reconnect.backoff() == Backoff()
    pauses = Reconnect(initial=0.1, factor=3, limit=1.0, jitter=0.0).backoff().delays(lambda: 0.5)
    assert [round(next(pauses), 3) for _ in range(4)] == [0.1, 0.3, 0.9, 1.0]
