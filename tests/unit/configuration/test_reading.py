"""What a configuration file says, and what is wrong with one."""

from pathlib import Path

import pytest
from attrs import asdict

from eve_meta.configuration.known import SETTINGS, composed, flat
from eve_meta.configuration.reading import read
from eve_meta.contact import Address
from eve_meta.limits import Limits
from eve_meta.settings import Settings


def complaints(text: str) -> list[str]:
    """What is wrong with a text."""
    return read(text.encode()).complaints("config.yaml")


def test_all_that_is_set() -> None:
    """Each setting can be set, to what an agent then runs with."""
    text = """
        state_dir: /srv/state
        run_dir: /srv/run
        servers: 3
        user: root
        group: root
        log: json
        metrics: "[::1]:9188"
        limits:
    """ + "".join(f"\n          {name}: {number}" for number, name in enumerate(asdict(Limits()), 1))
    said = read(text.encode())

    assert ((), set(SETTINGS)) == (said.problems, set(said.values))
    assert composed(said.values) == Settings(
        state_dir=Path("/srv/state"),
        run_dir=Path("/srv/run"),
        servers=3,
        user="root",
        group="root",
        log="json",
        metrics=Address("::1", 9188),
        limits=Limits(**{name: number for number, name in enumerate(asdict(Limits()), 1)}),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "limits:\n", "limits: {}\n", "{}", "group:\n"])
def test_nothing_that_is_set(text: str) -> None:
    said = read(text.encode())

    assert () == said.problems
    assert Settings() == composed(said.values)


def test_names_are_those_of_the_settings() -> None:
    assert list(SETTINGS) == list(flat(Settings()))


def test_json() -> None:
    """It may have tabs, which YAML does not: then no line is known."""
    said = read(b'{"log": "json",\t"limits": {"connections":\t5}}')

    assert {"log": "json", "limits.connections": 5} == said.values
    assert said.lines.keys() <= said.values.keys() | {"limits"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("servrs: 3", "1: servrs: is not a setting; did you mean 'servers'?"),
        ("log: json\nstate-dir: /x", "2: state-dir: is not a setting; did you mean 'state_dir'?"),
        (
            "limits:\n  requests_per_secnd: 5",
            "2: limits.requests_per_secnd: is not a setting; did you mean 'limits.requests_per_second'?",
        ),
        ("headers: 5", "1: headers: is not a setting; did you mean 'limits.headers'?"),
        ("limits.headers: 5", "1: limits.headers: belongs into the mapping 'limits'"),
        ("colour: blue", "1: colour: is not a setting"),
        ("limits: 5", "1: limits: expected a mapping, got the number 5"),
        ("limits:\n  headers: 0", "2: limits.headers: 0 is not from 1 to 1000000"),
        ("limits:\n  idle_seconds: 86401", "2: limits.idle_seconds: 86401 is not from 1 to 86400"),
        ("limits:\n  headers: many", "2: limits.headers: expected a whole number, got the text 'many'"),
        ("limits:\n  headers: true", "2: limits.headers: expected a whole number, got the boolean true"),
        ("limits:\n  headers:", "2: limits.headers: expected a whole number, got nothing"),
        ("servers: 1.5", "1: servers: expected a whole number, got the number 1.5"),
        ("servers: 0", "1: servers: 0 is not from 1 to 1024"),
        ("log: xml", "1: log: 'xml' is neither lines nor json"),
        ("user: no-such-user", "1: user: there is no account 'no-such-user'"),
        ("group: 5", "1: group: expected text, got the number 5: quote it"),
        ("group: no-such-group", "1: group: there is no group 'no-such-group'"),
        ("metrics: 9188", "1: metrics: expected text, got the number 9188: quote it"),
        ("metrics: localhost:1", "1: metrics: localhost:1 is no IP address and port like 127.0.0.1:9188"),
        ("state_dir: here", "1: state_dir: here is not an absolute path"),
        ("run_dir: [/run]", "1: run_dir: expected text, got a list"),
    ],
)
def test_one_problem(text: str, complaint: str) -> None:
    assert [f"config.yaml:{complaint}"] == complaints(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- log", "expected a mapping, got a list"),
        ("log: json\nlog: json", "is not YAML: the key 'log' is twice, at line 2, column 1"),
        ('{"log": "json", "log": "json"}', "has the key 'log' twice in one mapping"),
        ("log: [", "is not YAML: "),
        ("log: !!python/name:os.system", "is not YAML: "),
        ("5: x", "has the key 5, which is no text: quote it"),
    ],
)
def test_no_settings_at_all(text: str, complaint: str) -> None:
    (told,) = complaints(text)

    assert told.startswith(f"config.yaml: {complaint}")


def test_all_problems_are_told_and_the_rest_is_read() -> None:
    said = read(b"servers: 0\nlog: json\nlimits: {headers: 0, connections: 5}\ncolour: blue\n")

    assert ["servers", "limits.headers", "colour"] == [each.name for each in said.problems]
    assert {"log": "json", "limits.connections": 5} == said.values
