"""Settings of the agent: checked once, then trusted."""

import grp
import os
from ipaddress import ip_address
from pathlib import Path

from attrs import Attribute, Factory, field, frozen

from eve_meta.contact import RUN_DIR, SOCKET_PATH_MAX_BYTES, Address, control_socket
from eve_meta.errors import EveMetaError
from eve_meta.limits import Limits

STATE_DIR = Path("/var/lib/eve-meta")
USER = "nobody"
_PORT_MAX = 65535


class SettingError(EveMetaError):
    """A setting that the agent cannot run with, in words that name it."""


def address(text: str) -> Address:
    """An IP address and a port: "127.0.0.1:9188", "[::1]:9188".

    Raises:
        SettingError: it is none.
    """
    host, _, port = text.rpartition(":")
    try:
        ip = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port)
    except ValueError:
        number = 0
    if not 0 < number <= _PORT_MAX:
        raise SettingError(f"metrics: {text} is no IP address and port like 127.0.0.1:9188")
    return Address(str(ip), number)


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


def _known(_settings: object, attribute: "Attribute[str | None]", value: str | None) -> None:
    try:
        _group_id(value)
    except KeyError:
        raise SettingError(f"{attribute.name}: there is no group {value}") from None


def _group_id(group: str | None) -> int | None:
    return None if group is None else grp.getgrnam(group).gr_gid


@frozen(kw_only=True)
class Settings:
    """How one agent runs.

    Attributes:
        state_dir: what must outlive a reboot: the documents.
        run_dir: what need not: the control socket.
        servers: how many processes answer guests.
        user: the account that the servers run as.
        limits: how much one interface's guests may have of a server.
        log: how events are written: "lines" or "json".
        metrics: where metrics are told; None: on the control socket only.
        group: whose members may ask the agent, besides root; None: nobody.
    """

    state_dir: Path = field(default=STATE_DIR, validator=_absolute)
    run_dir: Path = field(default=RUN_DIR, validator=[_absolute, _short_enough])
    servers: int = field(default=Factory(usable_cpus), validator=_positive)
    user: str = field(default=USER, validator=_named)
    limits: Limits = Factory(Limits)
    log: str = "lines"
    metrics: Address | None = None
    group: str | None = field(default=None, validator=_known)

    @property
    def group_id(self) -> int | None:
        """The group by its number."""
        return _group_id(self.group)

    @property
    def servers_root(self) -> Path:
        """The directory that servers are confined to."""
        return self.run_dir / "root"
