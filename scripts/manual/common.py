"""What several pages tell, and no code does."""

from collections.abc import Iterator

from eve_meta.cli.config_file import FILE
from eve_meta.cli.machines import DOCUMENTS
from eve_meta.contact import RUN_DIR, control_socket
from eve_meta.settings import STATE_DIR
from scripts.manual import roff
from scripts.manual.markdown import inline

_EXIT_STATUS = (
    ("0", "What was asked for is done."),
    ("1", "It failed. Standard error tells why, in one line that begins with `eve-meta:`."),
    ("2", "Wrong usage; nothing was done."),
)
_FILES = (
    (str(control_socket(RUN_DIR)), "Where the agent is spoken to, by root, or by a group that it was given."),
    (
        str(STATE_DIR),
        "What is attached, with the passwords that guests have set: a file for each VM, the agent's own.",
    ),
    (str(FILE), "The agent's settings: see `eve-meta check-config`."),
    (str(DOCUMENTS), "Where hooks look for a VM's document, `UUID.yaml`."),
)
_ENVIRONMENT = (
    ("EVE_META_RUN_DIR", "Where the agent's control socket is, for commands without `--run-dir`."),
    ("NO_COLOR", "No colours, on terminals too, if it is set."),
    (
        "NOTIFY_SOCKET, WATCHDOG_USEC",
        "Set by systemd for the agent: where it tells that it is up, and that it works.",
    ),
    ("FDSTORE, LISTEN_FDS", "Likewise: the sockets that guests wait at are kept over a restart."),
    ("JOURNAL_STREAM", "Likewise: what is logged goes to the journal with fields."),
)


def exit_status() -> Iterator[str]:
    """How a command ends."""
    return _terms("Exit status", _EXIT_STATUS)


def files() -> Iterator[str]:
    """Where things are that a user may want to find."""
    return _terms("Files", _FILES)


def environment() -> Iterator[str]:
    """What is read of the environment."""
    return _terms("Environment", _ENVIRONMENT)


def _terms(title: str, terms: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield from roff.heading(title)
    for name, text in terms:
        yield from roff.term(roff.bold(name), inline(text))
