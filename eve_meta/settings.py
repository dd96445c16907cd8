"""Settings of the agent: checked once, then trusted."""

import grp
import os
import pwd
from ipaddress import ip_address
from pathlib import Path

from attrs import Attribute, Factory, field, frozen

from eve_meta.contact import RUN_DIR, SOCKET_PATH_MAX_BYTES, Address, control_socket
from eve_meta.errors import SettingError
from eve_meta.limits import Limits

STATE_DIR = Path("/var/lib/eve-meta")
USER = "nobody"
LOGS = ("lines", "json")
"""How events can be written."""

_PORT_MAX = 65535
_SERVERS = range(1, 1025)


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
        raise SettingError("metrics", f"{text} is no IP address and port like 127.0.0.1:9188")
    return Address(str(ip), number)


def usable_cpus() -> int:
    """How many CPUs this process may run on, as far as servers can be of use there."""
    return min(len(os.sched_getaffinity(0)), _SERVERS[-1])


def _absolute(_settings: object, attribute: "Attribute[Path]", value: Path) -> None:
    if not value.is_absolute():
        raise SettingError(attribute.name, f"{value} is not an absolute path")


def _short_enough(_settings: object, attribute: "Attribute[Path]", value: Path) -> None:
    if len(os.fsencode(control_socket(value))) > SOCKET_PATH_MAX_BYTES:
        raise SettingError(attribute.name, f"{value} is too long a path for a Unix socket in it")


def _possible(_settings: object, attribute: "Attribute[int]", value: int) -> None:
    if value not in _SERVERS:
        raise SettingError(attribute.name, f"{value} is not from {_SERVERS[0]} to {_SERVERS[-1]}")


def _account(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    try:
        pwd.getpwnam(value)
    except KeyError:
        raise SettingError(attribute.name, f"there is no account {value!r}") from None


def _written(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    if value not in LOGS:
        raise SettingError(attribute.name, f"{value!r} is neither {' nor '.join(LOGS)}")


def _known(_settings: object, attribute: "Attribute[str | None]", value: str | None) -> None:
    try:
        _group_id(value)
    except KeyError:
        raise SettingError(attribute.name, f"there is no group {value!r}") from None


def _group_id(group: str | None) -> int | None:
    return None if group is None else grp.getgrnam(group).gr_gid


def _about(meaning: str, accepted: str) -> dict[str, str]:
    return {"meaning": meaning, "accepted": accepted}


@frozen(kw_only=True)
class Settings:
    """How one agent runs. What each setting is stands in its metadata, for `configuration.known`.

    Attributes:
        limits: how much one interface's guests may have of a server.
    """

    state_dir: Path = field(
        default=STATE_DIR,
        validator=_absolute,
        metadata=_about("where documents are kept, one file per VM", "an absolute path"),
    )
    run_dir: Path = field(
        default=RUN_DIR,
        validator=[_absolute, _short_enough],
        metadata=_about("where the control socket is made", "an absolute path"),
    )
    servers: int = field(
        default=Factory(usable_cpus),
        validator=_possible,
        metadata=_about("how many processes answer guests", f"{_SERVERS[0]} to {_SERVERS[-1]}"),
    )
    user: str = field(
        default=USER,
        validator=_account,
        metadata=_about("the account that those processes run as", "a user of this host"),
    )
    group: str | None = field(
        default=None,
        validator=_known,
        metadata=_about("whose members may use the control socket, besides root", "a group of this host"),
    )
    log: str = field(
        default=LOGS[0],
        validator=_written,
        metadata=_about("how events are written", " or ".join(LOGS)),
    )
    metrics: Address | None = field(
        default=None,
        metadata=_about("where metrics are told, besides the control socket", "an IP address and a port"),
    )
    limits: Limits = Factory(Limits)

    @property
    def group_id(self) -> int | None:
        """The group by its number."""
        return _group_id(self.group)

    @property
    def servers_root(self) -> Path:
        """The directory that servers are confined to."""
        return self.run_dir / "root"
