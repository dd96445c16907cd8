"""A guest with a kernel of its own, which does nothing but ask for its metadata: what it is booted with."""

import json
from pathlib import Path

from attrs import frozen

from tests import vms
from tests.hosts import IPV4

PASSWORD = "posted"

# A request that comes to no end is given up, and the next one made. What it says is JSON, a line for each.
_SCRIPT = f"""\
ip link set eth0 up
ip addr add 10.0.0.5/24 dev eth0
ip route add {IPV4}/32 dev eth0
ask() {{ timeout 5 wget -q -O - "$@"; }}
until ask --post-data {PASSWORD} http://{IPV4}/openstack/latest/password; do sleep 0.1; done
while :; do
    answer=$(ask http://{IPV4}/openstack/latest/meta_data.json) || answer=null
    echo "{{\\"answer\\": $answer, \\"neighbour\\": \\"$(ip neigh show {IPV4})\\"}}"
done
"""


@frozen
class Heard:
    """What the guest was answered; None: it was not.

    Attributes:
        neighbour: what its kernel knew of the metadata address then.
    """

    answer: dict[str, object] | None
    neighbour: str


def make_initramfs(directory: Path) -> Path:
    """The guest's files, as a kernel takes them."""
    return vms.make_initramfs(directory, _SCRIPT)


def heard(console: str) -> list[Heard]:
    """What a guest has said on its console up to its last whole line."""
    whole = console[: console.rfind("\n") + 1]
    return [Heard(**json.loads(line)) for line in whole.splitlines() if line.startswith("{")]
