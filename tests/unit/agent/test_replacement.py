"""An agent is replaced only by a program that would run."""

from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from eve_meta.agent.replacement import Replacement


class TestReplacement(SynchronousTestCase):
    """Asked for it, the agent asks the next program first."""

    def setUp(self) -> None:
        self.asked: list[Deferred[str]] = []
        self.stopped = 0
        self.is_stopping = False
        self.replacement = Replacement(self.objection, dict, self.stop)

    def objection(self) -> Deferred[str]:
        self.asked.append(Deferred())
        return self.asked[-1]

    def stop(self) -> None:
        if self.is_stopping:
            raise ReactorNotRunning
        self.stopped += 1

    def test_would_run(self) -> None:
        self.replacement.ask()
        self.replacement.ask()
        assert (1, 0, False) == (len(self.asked), self.stopped, self.replacement.is_wanted)

        self.asked[0].callback("")
        self.replacement.ask()
        assert (1, 1, True) == (len(self.asked), self.stopped, self.replacement.is_wanted)

    def test_would_not_run(self) -> None:
        """The agent goes on, says why, and can be asked again."""
        self.replacement.ask()
        with capturedLogs() as said:
            self.asked[0].callback("servers: 0 is not from 1 to 1024")
        assert ["servers: 0 is not from 1 to 1024"] == [each["why"] for each in said]
        assert (0, False) == (self.stopped, self.replacement.is_wanted)

        self.replacement.ask()
        self.asked[1].callback("")
        assert (1, True) == (self.stopped, self.replacement.is_wanted)

    def test_ended_meanwhile(self) -> None:
        """Who has been told to end is not replaced."""
        self.replacement.ask()
        self.is_stopping = True
        self.asked[0].callback("")

        assert not self.replacement.is_wanted
