"""Who is asked: our servers, and nginx with the same answers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from netns.namespaces import DIRECTORY
from tests.agents import Agent
from tests.bench import static_files, wrk
from tests.bench.processes import cpu_seconds
from tests.hosts import Guest, Host
from tests.support import EXAMPLE

META_DATA = "/openstack/latest/meta_data.json"
LEAF = "/latest/meta-data/instance-id"
USER_DATA = "/latest/user-data"
ANSWERS = {"meta_data.json": META_DATA, "EC2 leaf": LEAF, "user data": USER_DATA}
"""What is asked for, and where."""

PLENTY = 1_000_000
LIMITS = (
    f"requests_per_second={PLENTY}",
    f"requests_burst={PLENTY}",
    f"connections_per_second={PLENTY}",
    f"connections_burst={PLENTY}",
    "connections=1024",
)
"""All are on, and above what is asked. What the kernel lets begin follows them, up to 10 000 a second."""

_USER_DATA_BYTES = 16384
_KINDLING = 300
"""Requests until it is plain which server answers."""


@frozen
class Contender:
    """Somebody who answers.

    Attributes:
        name: in the tables.
        guests: the network namespaces from which it is asked, at the same time.
        servers: its processes that answer, one for each guest.
        cpus: where the processes run.
        asking_cpus: where those run who ask.
    """

    name: str
    guests: tuple[Path, ...]
    servers: tuple[int, ...]
    cpus: frozenset[int]
    asking_cpus: frozenset[int]


@contextmanager
def gathered(directory: Path) -> Iterator[tuple[Contender, ...]]:
    """One server of ours, two of ours with a guest each, and nginx; each process has a CPU of its own.

    Who asks takes of the CPUs that are left; of the servers' where none is. So the one server is asked once
    more from its own CPU: what two do on two CPUs, of which who asks takes a part, is to be seen beside that.

    There are two servers all the time: of a VM's requests the one that it is placed at sees all.
    """
    with Host() as host:
        agent = Agent(directory, "--servers", "2", *(f"--limit={each}" for each in LIMITS)).start()
        try:
            bridge = host.bridge()
            guests = [host.guest(f"guest{each}", f"tap{each}", bridge=bridge) for each in (0, 1)]
            for number, guest in enumerate(guests):
                wrk.prepare(guest)
                agent.attach(guest.tap, document(number))
            servers = tuple(server_of(agent, guest) for guest in guests)
            assert len(set(servers)) == len(guests)
            ours = tuple(DIRECTORY / each.name for each in guests)
            copy_answers(guests[0], directory / static_files.FILES)
            with nginx(directory) as theirs:
                first, second = cpus_of_servers()
                for pid, cpu in ((servers[0], first), (servers[1], second), (theirs.servers[0], first)):
                    os.sched_setaffinity(pid, {cpu})
                one, both = frozenset({first}), frozenset({first, second})
                yield (
                    Contender("one server", ours[:1], servers[:1], one, all_but(one)),
                    Contender("one on a shared CPU", ours[:1], servers[:1], one, one),
                    Contender("two servers", ours, servers, both, all_but(both)),
                    theirs,
                )
        finally:
            agent.clear()
            agent.stop()


@contextmanager
def nginx(directory: Path) -> Iterator[Contender]:
    """Nginx with one worker, on a host of its own."""
    program = (sys.executable, "-m", "tests.bench.static_files", str(directory))
    sandbox = str(Path(__file__).parents[2] / "scripts" / "sandbox")
    with subprocess.Popen(
        [sandbox, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            (worker,) = json.loads(process.stdout.readline())
            guest = Path(f"/proc/{process.pid}/root{DIRECTORY}/{static_files.GUEST}")
            cpus = frozenset(cpus_of_servers()[:1])
            yield Contender("nginx", (guest,), (worker,), cpus, all_but(cpus))
        finally:
            process.stdin.close()
            process.wait()


def document(number: int) -> Mapping[str, object]:
    """What is told of a guest, by its number; the number decides at which server it is."""
    uuid = f"be0c4000-0000-4000-8000-{number:012x}"
    return {
        **EXAMPLE,
        "uuid": uuid,
        "devices": EXAMPLE["devices"][:1],
        "user_data": "#cloud-config\n".ljust(_USER_DATA_BYTES, "#"),
    }


def copy_answers(guest: Guest, files: Path) -> None:
    """Keep what a guest is told as files, at the same paths."""
    shutil.rmtree(files, ignore_errors=True)
    for path in ANSWERS.values():
        file = files / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(guest.ask(path).body)


def server_of(agent: Agent, guest: Guest) -> int:
    """Which server answers a guest: the one whose CPU time grows."""
    before = {pid: cpu_seconds(pid) for pid in agent.server_pids()}
    for _ in range(_KINDLING):
        guest.read(META_DATA)
    return max(before, key=lambda pid: cpu_seconds(pid) - before[pid])


def cpus_of_servers() -> tuple[int, int]:
    """The CPUs of the first two; the same one where there is no second."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[min(1, len(usable) - 1)]


def all_but(cpus: frozenset[int]) -> frozenset[int]:
    """The CPUs that are left to others; all, if none is."""
    usable = frozenset(os.sched_getaffinity(0))
    return usable - cpus or usable
