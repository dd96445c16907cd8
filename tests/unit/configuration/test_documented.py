"""Every setting is told of: in the documentation, and in the file that is installed."""

import re
from pathlib import Path

import pytest

from eve_meta.configuration.known import SETTINGS, flat
from eve_meta.configuration.reading import read
from eve_meta.limits import PREFIX
from eve_meta.settings import Settings

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = (DOCS / "config.example.yaml").read_text(encoding="utf-8")
EXAMPLES = {"servers", "group", "metrics"}
"""What has no value by default that could stand in the file."""


def uncommented() -> str:
    """The example with all settings in force."""
    return re.sub(r"(?m)^# ( *[a-z_]+:)", r"\1", EXAMPLE)


def test_table() -> None:
    rows = [f"| `{it.name}` | {it.usual} | {it.accepted} | {it.meaning} |" for it in SETTINGS.values()]

    assert "\n".join(rows) in (DOCS / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETTINGS)
def test_example_tells_what_it_is(name: str) -> None:
    setting = SETTINGS[name]
    meaning = setting.meaning[0].upper() + setting.meaning[1:]
    line = f"# {meaning}: {setting.accepted}; default: {setting.usual}.\n# {name}: "
    if name.startswith(PREFIX):
        line = f"#   {name.removeprefix(PREFIX)}: {setting.usual}  # {setting.meaning}: {setting.accepted}\n"

    assert line in EXAMPLE


def test_example_sets_nothing() -> None:
    assert all(not line or line.startswith("#") for line in EXAMPLE.splitlines())


def test_example_has_the_defaults() -> None:
    """With all of them in force it is right, but that there may be no such group, and changes nothing."""
    said = read(uncommented().encode())
    usual = flat(Settings())

    assert {each.name for each in said.problems} <= {"group"}
    assert set(SETTINGS) - {"group"} <= said.values.keys()
    assert {name: usual[name] for name in SETTINGS if name not in EXAMPLES} == {
        name: value for name, value in said.values.items() if name not in EXAMPLES
    }
