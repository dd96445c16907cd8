"""What the agent has told, for a diagnosis that is made beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from eve_meta.accesses import Accesses


@frozen(kw_only=True)
class Told:
    """What it has told, or why it has not.

    Attributes:
        silence: why it has not; None if it has.
        statuses: of all attached interfaces, as the control socket tells them.
        problems: documents that are not served.
        accesses: what was asked at the interface that is looked at; None if that is not known.
    """

    silence: str | None = None
    statuses: Sequence[Mapping[str, Any]] = ()
    problems: Sequence[str] = ()
    accesses: Accesses | None = None

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of all attached interfaces."""
        return tuple(each["interface"] for each in self.statuses)

    def status(self, interface: str) -> Mapping[str, Any] | None:
        """What it tells of an interface; None if it is not attached, as far as is known."""
        return next((each for each in self.statuses if each["interface"] == interface), None)
