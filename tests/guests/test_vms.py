"""Virtual machines: their kernels, their NICs and QEMU's taps are as on a hypervisor."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from tests.agents import Agent
from tests.hosts import IPV4, LINK_LOCAL, Host
from tests.integration.frames import Sniffer
from tests.vms import VM, make_initramfs, switched_on

pytestmark = [pytest.mark.guest, pytest.mark.timeout(600)]

MANY = 8
PLACES = (IPV4, f"[{LINK_LOCAL}%eth0]")
ETHERNET_BYTES = 14
USER_DATA_BYTES = 300_000
"""Many segments of TCP, and many frames of each."""

# No duplicate address detection: it would find the others, whose link-local address is the same.
SCRIPT = f"""\
echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
ip link set eth0 up
ip addr add 10.0.0.5/24 dev eth0
ip route add {IPV4}/32 dev eth0
for place in {" ".join(PLACES)}; do
    until hostname=$(timeout 20 wget -q -O - "http://$place/latest/meta-data/hostname"); do sleep 0.2; done
    read=$(timeout 60 wget -q -O - "http://$place/latest/user-data" | sha256sum)
    echo "told $place $(cat /sys/class/net/eth0/mtu) $hostname ${{read%% *}}"
done
poweroff -f
"""


def document(number: int) -> Mapping[str, object]:
    """Of one VM of many: no two are told the same."""
    name = f"vm-{number}"
    text = f"# {name}\n"
    user_data = text * (USER_DATA_BYTES // len(text))
    return {"uuid": str(UUID(int=number + 1)), "hostname": name, "user_data": user_data}


def read(vm: VM) -> list[list[str]]:
    """What a VM was told; waits for its end."""
    assert vm.is_off(), vm.said()
    return [line.split()[1:] for line in vm.said().splitlines() if line.startswith("told ")]


def told(number: int, mtu: int = 1500) -> list[list[str]]:
    """Where, over what and what it must have been told: hostname, and the hash of its user data."""
    hostname, user_data = (str(document(number)[key]) for key in ("hostname", "user_data"))
    return [[place, str(mtu), hostname, sha256(user_data.encode()).hexdigest()] for place in PLACES]


@pytest.fixture
def initramfs(tmp_path: Path) -> Path:
    """What all VMs do."""
    return make_initramfs(tmp_path, SCRIPT)


def test_many(host: Host, agent: Agent, initramfs: Path, tmp_path: Path) -> None:
    """On one bridge, with the same MAC and the same address, all at once: each is told what is its own."""
    bridge = host.bridge()
    with ExitStack() as stack:
        running = []
        for number in range(MANY):
            tap = host.tap(f"tap{number}", bridge=bridge)
            agent.attach(tap, document(number))
            running.append(stack.enter_context(switched_on(tap, initramfs, tmp_path)))
        found = [read(vm) for vm in running]

    assert [told(number) for number in range(MANY)] == found


@pytest.mark.parametrize(("mtu", "is_bare"), [(1400, False), (9000, False), (1500, True)])
def test_frames(  # noqa: PLR0913 - fixtures
    host: Host, agent: Agent, initramfs: Path, tmp_path: Path, mtu: int, *, is_bare: bool
) -> None:
    """Small frames, large ones, and a tap without a bridge; NICs cut segments themselves."""
    tap = host.tap("tap0", bridge=None if is_bare else host.bridge(), mtu=mtu)
    agent.attach(tap, document(0))
    with closing(Sniffer.on(tap)) as sniffer, switched_on(tap, initramfs, tmp_path, mtu=mtu) as vm:
        found = read(vm)
        frames = sniffer.so_far()

    assert told(0, mtu) == found
    assert mtu + ETHERNET_BYTES < max(map(len, frames))
