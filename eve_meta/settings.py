"""Settings of the agent: checked once, then trusted."""

import os
from pathlib import Path

from attrs import Attribute, Factory, field, frozen

from eve_meta.contact import RUN_DIR, SOCKET_PATH_MAX_BYTES, control_socket
from eve_meta.errors import EveMetaError
from eve_meta.limits import Limits

STATE_DIR = Path("/var/lib/eve-meta")
USER = "nobody"


class SettingError(EveMetaError):
    """A setting that the agent cannot run with, in words that name it."""


def usable_cpus() -> int:
    """How many CPUs this process may run on."""
    return len(os.sched_getaffinity(0))


def _absolute(_settings: object, attribute: "Attribute[Path]", value: Path) -> None:
    if not value.is_absolute():
        raise SettingError(f"{attribute.name}: {value} is not an absolute path")


def _short_enough(_settings: object, attribute: "Attribute[Path]", value: Path) -> None:
    if len(os.fsencode(control_socket(value))) > SOCKET_PATH_MAX_BYTES:
        raise SettingError(f"{attribute.name}: {value} is too long a path for a Unix socket in it")


def _positive(_settings: object, attribute: "Attribute[int]", value: int) -> None:
    if value < 1:
        raise SettingError(f"{attribute.name}: {value} is too few, at least one is needed")


def _named(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    if not value:
        raise SettingError(f"{attribute.name}: is empty, name the account that servers run as")


@frozen(kw_only=True)
class Settings:
    """How one agent runs.

    Attributes:
        state_dir: what must outlive a reboot: the documents.
        run_dir: what need not: the control socket.
        servers: how many processes answer guests.
        user: the account that the servers run as.
        limits: how much one interface's guests may have of a server.
    """

    state_dir: Path = field(default=STATE_DIR, validator=_absolute)
    run_dir: Path = field(default=RUN_DIR, validator=[_absolute, _short_enough])
    servers: int = field(default=Factory(usable_cpus), validator=_positive)
    user: str = field(default=USER, validator=_named)
    limits: Limits = Factory(Limits)

    @property
    def servers_root(self) -> Path:
        """The directory that servers are confined to."""
        return self.run_dir / "root"
