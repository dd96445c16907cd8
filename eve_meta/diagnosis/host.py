"""Whether a host has what eve-meta needs, and what of others there concerns it."""

import os
import platform
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from eve_meta.diagnosis.finding import Finding, fail, ok, warn
from eve_meta.diagnosis.told import Told
from eve_meta.errors import EveMetaError
from eve_meta.server import seccomp
from netns import MissingError
from netns.iptables import version
from netns.needs import NEEDS, try_out
from netns.obstacles import obstacles
from netns.rivals import rivals
from netns.steered import MAX_SENDERS

KERNEL = (5, 10)
ROOM_BYTES = 64 << 20
"""Of the state directory: four documents of the largest size."""

_SYSCTLS = Path("/proc/sys/net")
_NOT_OURS = "no attached guest reaches it, others do: take it away if it is not meant so"
_MAY_DROP = "it may drop frames before eve-meta has them: if a probe fails, take it away"


def findings(told: Told, state_dir: Path) -> Iterator[Finding]:
    """What there is to say, one after the other, but for what may disturb single interfaces."""
    yield kernel(platform.release())
    yield from (need(each) for each in NEEDS if each != "root")
    yield _trial()
    yield _libseccomp()
    yield from agent(told)
    yield storage(state_dir)
    yield from neighbours(len(told.statuses))
    yield from others()


def configuration(complaints: Sequence[str]) -> Finding:
    """Whether the agent starts with what its configuration file says."""
    if complaints:
        return fail("configuration", complaints[0], "correct it (see 'eve-meta check-config')")
    return ok("configuration", "nothing is wrong with it")


def need(name: str) -> Finding:
    """Whether the host has one of what wiring needs."""
    try:
        NEEDS[name]()
    except MissingError as error:
        return fail(name, error.what, error.remedy)
    return ok(name, version() if name == "iptables" else "there")


def kernel(release: str) -> Finding:
    """Whether the kernel is new enough."""
    found = re.match(r"(\d+)\.(\d+)", release)
    if found and tuple(map(int, found.groups())) < KERNEL:
        return fail("kernel", f"Linux {release} is too old", "boot Linux 5.10 or newer")
    return ok("kernel", f"Linux {release}")


def _trial() -> Finding:
    try:
        try_out()
    except MissingError as error:
        return fail("steering", error.what, error.remedy)
    return ok("steering", "the kernel takes the links and rules that it needs")


def _libseccomp() -> Finding:
    try:
        seccomp.check()
    except EveMetaError as error:
        message, _, remedy = str(error).partition(": ")
        return fail("libseccomp", message, remedy)
    return ok("libseccomp", "there")


def agent(told: Told) -> Iterator[Finding]:
    """Whether it runs, and what it says is wrong."""
    if told.silence is not None:
        message, _, remedy = told.silence.partition(": ")
        yield fail("agent", message, remedy)
        return
    count = len(told.statuses)
    yield ok("agent", f"runs, with {count} interface{'' if count == 1 else 's'} attached")
    yield from (fail("document", each, "attach it again, or remove the file") for each in told.problems)
    for each in told.statuses:
        if each["state"] == "failed":
            name = each["interface"]
            yield fail("interface", f"{name} is failed: {each['reason']}", f"see 'eve-meta doctor {name}'")


def storage(state_dir: Path) -> Finding:
    """Whether documents can be kept."""
    try:
        found = os.statvfs(state_dir)
    except FileNotFoundError:
        return ok("state directory", f"{state_dir} is made when the agent starts")
    except OSError as error:
        return fail("state directory", f"{state_dir}: {error.strerror}", "repair its file system")
    if found.f_flag & os.ST_RDONLY:
        return fail("state directory", f"{state_dir} is read-only", "mount it writable, or repair its disk")
    if found.f_bavail * found.f_frsize < ROOM_BYTES or (found.f_files and not found.f_favail):
        return fail("state directory", f"the file system of {state_dir} is full", "make room there")
    return ok("state directory", f"{state_dir} is writable")


def neighbours(attached: int, sysctls: Path = _SYSCTLS) -> Iterator[Finding]:
    """Whether the kernel has room for all that guests may ask from; nothing where it does not tell."""
    wanted = MAX_SENDERS * attached
    for family in ("ipv4", "ipv6"):
        name = f"net.{family}.neigh.default.gc_thresh3"
        try:
            room = int((sysctls / family / "neigh/default/gc_thresh3").read_text(encoding="ascii"))
        except FileNotFoundError:  # it is told in the host's first network namespace alone
            continue
        if room < wanted:
            message = f"{name} is {room}, with {attached} interfaces that may ask from {MAX_SENDERS} each"
            yield warn("neighbours", message, f"raise it (sysctl -w {name}={wanted})")
        else:
            yield ok("neighbours", f"{name} is {room}")


def others() -> Iterator[Finding]:
    """What else has to do with the metadata addresses."""
    found = list(rivals())
    yield from (warn("others", each, _NOT_OURS) for each in found)
    if not found:
        yield ok("others", "nothing else on the host has to do with the metadata addresses")


def obstructions(interfaces: Collection[str]) -> Iterator[Finding]:
    """What else sees the frames of some interfaces."""
    found = list(obstacles(interfaces))
    yield from (warn("frames", f"{each} sees them", _MAY_DROP) for _, each in found)
    if not found:
        yield ok("frames", "nobody else takes away what is for eve-meta")
