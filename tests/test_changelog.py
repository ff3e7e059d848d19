"""The CHANGELOG is that of this version: every release has its date, the newest is first, and nothing is without one."""

import re
from datetime import date
from pathlib import Path

from nlpcli import __version__

CHANGELOG = (Path(__file__).parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
UNRELEASED, *RELEASES = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
DATED = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d)", release) for release in RELEASES]


def test_every_release_has_a_semantic_version_and_a_date():
    assert UNRELEASED == "Unreleased"
    assert RELEASES
    assert [release for release, dated in zip(RELEASES, DATED, strict=True) if not dated] == []


def test_the_newest_is_first_and_of_this_version():
    versions = [tuple(int(number) for number in dated.groups()[:3]) for dated in DATED]
    dates = [date.fromisoformat(dated[4]) for dated in DATED]
    assert versions == sorted(set(versions), reverse=True)
    assert dates == sorted(dates, reverse=True)
    assert ".".join(map(str, versions[0])) == __version__
