"""All that a doctor looks at, in order."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from eve_meta.diagnosis import host, interface
from eve_meta.diagnosis.finding import Finding, fail
from eve_meta.diagnosis.told import Told
from netns import NetnsError


def examination(
    name: str | None, told: Told, state_dir: Path, complaints: Sequence[str]
) -> Iterator[Finding]:
    """What there is to say of a host, and of an interface if there is a name; without root no more than that.

    Args:
        name: the interface's.
        told: what the agent tells.
        state_dir: where it keeps documents.
        complaints: of its configuration.
    """
    root = host.need("root")
    yield root
    if root.is_failed:
        return
    yield host.configuration(complaints)
    try:
        yield from host.findings(told, state_dir)
        if name is None:
            yield from host.obstructions(told.attached)
        else:
            yield from interface.findings(name, told)
    except NetnsError as error:
        yield fail("look", str(error), "see the kernel's log, and run it again")
