"""What cannot be attached is refused in words that say what to do, and nothing is changed."""

import json
from pathlib import Path

import pytest

from tests.agents import RED, Agent
from tests.hosts import HOSTNAME, Host, kernel_objects

GIVE_A_TAP = "its frames never pass a hook of the host; give the VM a tap on a bridge"
NAME_THE_PORT = "name the VM's own port, e.g. tap0"


def refused(agent: Agent, interface: str, document: str = "-") -> str:
    """What an attach says that fails and changes nothing."""
    before = kernel_objects(), agent.run("list").stdout
    done = agent.run("attach", interface, document, given=json.dumps(RED))
    assert (1, "") == (done.returncode, done.stdout)
    assert before == (kernel_objects(), agent.run("list").stdout)
    assert done.stderr.startswith("eve-meta: ")
    return done.stderr.removeprefix("eve-meta: ").rstrip("\n")


@pytest.mark.parametrize(
    ("interface", "message"),
    [
        ("tap7", "there is no interface 'tap7' on this host (see 'ip link')"),
        ("averylonginterface", "'averylonginterface' is over 15 bytes long: no interface has such a name"),
        ("../x", "'../x' is not the name of an interface: no blank, '/' or ':' may be in it"),
        ("lo", f"lo carries no Ethernet frames: {NAME_THE_PORT}"),
    ],
)
def test_name(agent: Agent, interface: str, message: str) -> None:
    """A name that no port of a VM has is refused."""
    assert message == refused(agent, interface)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("bridge", "", "is a bridge: name the VM's port on it, e.g. tap0"),
        ("macvtap", "link tap0", f"is a macvtap: {GIVE_A_TAP}"),
        ("macvlan", "link tap0", f"is a macvlan: {GIVE_A_TAP}"),
        ("vxlan", "link tap0 id 5 dstport 4789", f"is no VM's port but of the kind vxlan: {NAME_THE_PORT}"),
    ],
)
def test_kind(host: Host, agent: Agent, kind: str, settings: str, message: str) -> None:
    """A link that is no port of a VM is refused by its kind (others: tests/unit/netns/test_kinds.py)."""
    host.guest("red", "tap0")
    link, *rest = settings.split("id", 1)
    host.link("x0", *link.split(), "type", kind, *(["id", *rest[0].split()] if rest else []))
    assert f"x0 {message}" == refused(agent, "x0")


def test_our_own_link(host: Host, agent: Agent) -> None:
    """The link that was made for an interface is refused itself."""
    host.guest("red", "tap0")
    agent.attach("tap0", RED)
    link = agent.show("tap0")["link"]
    assert f"'{link}' is a link that eve-meta made: {NAME_THE_PORT}" == refused(agent, link)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No such file or directory"),
        ("uuid: [", "is not YAML: "),
        ("uuid: 11111111-1111-4111-8111-111111111111\nhostnam: red", "hostnam: "),
        ("hostname: red", "uuid: "),
    ],
)
def test_document(host: Host, agent: Agent, tmp_path: Path, text: str | None, message: str) -> None:
    """A document that cannot be served is refused, by its name and the field to blame."""
    host.guest("red", "tap0")
    document = tmp_path / "red.yaml"
    if text is not None:
        document.write_text(text, encoding="utf-8")
    said = refused(agent, "tap0", str(document))
    assert said.startswith(f"{document}: {message}")


def test_refused_refresh(host: Host, agent: Agent) -> None:
    """A refused document leaves the one before in force."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    done = agent.run("attach", "tap0", "-", given=json.dumps(RED | {"hostname": 5}))
    assert done.returncode == 1
    assert red.read(HOSTNAME) == "red"
