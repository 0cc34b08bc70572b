"""What the README tells a new user to type exists."""

from __future__ import annotations

import re

from iii_bridge.cli.main import VERBS
from tests.meta.source import ROOT

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_it_is_short() -> None:
    assert README.count("\n") <= 200


def test_its_make_targets_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named <= targets


def test_its_verbs_exist() -> None:
    named = set(re.findall(r"(?:^|`)iii-bridge ([a-z][a-z-]*)", README, re.MULTILINE))
    assert named <= set(VERBS)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
