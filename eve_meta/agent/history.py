"""The past of an interface, from which follows when it is looked at next."""

import random

from attrs import define

from eve_meta.agent.outcome import Outcome
from netns import Seen

RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Before the first, second… look after a failed one; the last for all further ones."""


@define
class History:
    """What has happened at an interface.

    Attributes:
        outcome: of the last look; None before the first has ended.
        failures: looks in a row that failed.
        repairs: looks into the namespace in a row that found damage.
        renamed: the name that the port has had since, while there is none of the old one.
    """

    outcome: Outcome | None = None
    failures: int = 0
    repairs: int = 0
    renamed: str | None = None

    def note(self, seen: Seen) -> None:
        """Count damage, and forget a name that is of no concern any more."""
        if seen.port:
            self.renamed = None
        if seen.inside:
            self.repairs = self.repairs + 1 if seen.inside.damage else 0


def pause(times: int) -> float:
    """Seconds before the next look, after so many that were in vain."""
    return RETRY_SECONDS[min(times, len(RETRY_SECONDS) - 1)] * random.uniform(1, 1.5)  # noqa: S311 - jitter
