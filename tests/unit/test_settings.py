"""Settings are refused in words that name them."""

from pathlib import Path

import pytest

from eve_meta.contact import control_socket
from eve_meta.errors import SettingError
from eve_meta.settings import Settings, usable_cpus


def test_defaults() -> None:
    settings = Settings()

    assert (Path("/var/lib/eve-meta"), "nobody") == (settings.state_dir, settings.user)
    assert Path("/run/eve-meta/control.sock") == control_socket(settings.run_dir)
    assert usable_cpus() == settings.servers
    assert settings.group_id is None


def test_group() -> None:
    """A group is known by its name, and root's is one like any."""
    assert 0 == Settings(group="root").group_id


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"state_dir": Path("here")}, "state_dir: here is not an absolute path"),
        (
            {"run_dir": Path("/" + "d" * 100)},
            f"run_dir: /{'d' * 100} is too long a path for a Unix socket in it",
        ),
        ({"servers": 0}, "servers: 0 is not from 1 to 1024"),
        ({"group": "no-such-group"}, "group: there is no group 'no-such-group'"),
        ({"user": ""}, "user: there is no account ''"),
        ({"log": "xml"}, "log: 'xml' is neither lines nor json"),
    ],
)
def test_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings(**changed)  # type: ignore[arg-type]

    assert message == str(refused.value)
