"""Which interfaces are to be looked at, in which order, and how closely."""

from collections.abc import Callable
from typing import final


@final
class Marks:
    """Interfaces to look at; those that somebody waits for come first.

    Those that are to be looked into as well come last, as that takes longer.
    An interface that is being looked at may be marked anew: then it is looked at once more.
    """

    def __init__(self) -> None:
        self._now: dict[str, None] = {}
        self._at: dict[str, None] = {}
        self._into: dict[str, None] = {}
        self._looking: set[str] = set()

    def look_now(self, interface: str) -> None:
        """Mark an interface that somebody waits for."""
        self._now[interface] = None

    def look_at(self, interface: str) -> None:
        """Mark an interface whose port, link, namespace or steering may have changed, or what is wished."""
        self._at[interface] = None

    def look_into(self, interface: str) -> None:
        """Mark an interface in whose namespace something may have changed."""
        self._into[interface] = None

    def first(self, is_wanted: Callable[[str], bool]) -> str | None:
        """The first interface that is wanted, and is not being looked at."""
        marked = (each for marks in (self._now, self._at, self._into) for each in marks)
        return next((each for each in marked if each not in self._looking and is_wanted(each)), None)

    def begin(self, interface: str) -> bool:
        """Take an interface's marks; whether it is to be looked into."""
        self._looking.add(interface)
        self._now.pop(interface, None)
        self._at.pop(interface, None)
        is_into = interface in self._into
        self._into.pop(interface, None)
        return is_into

    def hold(self, interface: str) -> None:
        """Keep an interface from being looked at, and its marks, until that is ended."""
        self._looking.add(interface)

    def end(self, interface: str) -> None:
        """Note that a look has ended, or what has kept an interface from being looked at."""
        self._looking.remove(interface)
