"""The configuration file, as `agent` and `check-config` read it."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.commands import ENVIRONMENT, Ran, eve_meta, failed, running_agent

WRONG = "log: json\nlimits:\n  conections: 5\nservers: 0\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file that sets little."""
    path = tmp_path / "config.yaml"
    path.write_text("log: json\nlimits:\n  connections: 5\n")
    return path


def test_each_setting_with_its_origin(config: Path) -> None:
    ran = eve_meta("check-config", config)
    rows = [line.split(maxsplit=2) for line in ran.out.splitlines()]

    assert (0, "") == (ran.code, ran.err)
    assert ["SETTING", "VALUE", "FROM"] == rows[0]
    assert ["state_dir", "/var/lib/eve-meta", "default"] in rows
    assert ["log", "json", "line 1"] in rows
    assert ["limits.connections", "5", "line 3"] in rows
    assert ran.out.endswith(f"\n{config}: is right\n")


def test_for_programs(config: Path) -> None:
    ran = eve_meta("check-config", config, "--json")
    answer = json.loads(ran.out)

    assert (0, "", str(config), []) == (ran.code, ran.err, answer["file"], answer["problems"])
    assert {"name": "limits.connections", "value": 5, "from": "file", "line": 3} in answer["settings"]
    assert {"name": "run_dir", "value": "/run/eve-meta", "from": "default", "line": None} in answer[
        "settings"
    ]


def test_all_problems_are_told(config: Path) -> None:
    config.write_text(WRONG)

    told = (
        f"eve-meta: {config}:3: limits.conections: is not a setting; did you mean 'limits.connections'?\n"
        f"eve-meta: {config}:4: servers: 0 is not from 1 to 1024\n"
    )
    assert Ran(1, "", told) == eve_meta("check-config", config)


def test_problems_for_programs(config: Path) -> None:
    config.write_text(WRONG)

    ran = eve_meta("check-config", config, "--json")
    answer = json.loads(ran.out)

    assert (1, "", []) == (ran.code, ran.err, answer["settings"])
    assert {"setting": "servers", "reason": "0 is not from 1 to 1024", "line": 4} == answer["problems"][1]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    for arguments in (["check-config"], ["agent", "--check", "--config"]):
        assert failed(f"{missing}: No such file or directory") == eve_meta(*arguments, missing)


def test_comments_alone(config: Path) -> None:
    config.write_text("# log: json\n\n  # servers: 0\n")

    ran = eve_meta("check-config", config)

    assert (0, "") == (ran.code, ran.err)
    assert {"default"} == {line.split()[-1] for line in ran.out.splitlines()[1:-1]}


def test_the_agent_could_run(config: Path) -> None:
    assert Ran(0, "", "") == eve_meta("agent", "--check", "--config", config)


def test_the_agent_tells_the_first_problem(config: Path) -> None:
    config.write_text(WRONG)

    ran = eve_meta("agent", "--config", config)

    assert 1 == ran.code
    assert ran.err.startswith(f"eve-meta: {config}:3: limits.conections: is not a setting")
    assert ran.err.endswith(f"(and 1 more: see 'eve-meta check-config {config}')\n")


def test_options_of_the_agent_are_checked_too(config: Path) -> None:
    message = "limits.connections: 0 is not from 1 to 1000000"
    assert failed(message) == eve_meta("agent", "--check", "--config", config, "--limit", "connections=0")


def test_run_dir_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the commands ask if not told otherwise; an option goes before it."""
    with running_agent(tmp_path) as agent:
        monkeypatch.setitem(ENVIRONMENT, "EVE_META_RUN_DIR", str(agent.run_dir))

        assert Ran(0, "", "") == eve_meta("list")
        assert 1 == eve_meta("list", "--run-dir", tmp_path / "other").code
