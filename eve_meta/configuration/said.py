"""What one configuration file says."""

from collections.abc import Mapping

from attrs import frozen

from eve_meta.errors import SettingError


@frozen
class Configuration:
    """What a file sets, and what is wrong with it.

    Attributes:
        values: by the names of the settings, as far as they are sound.
        lines: on which each name stands that is in the file, from 1 on; not known of all.
        problems: in the order of the file.
    """

    values: Mapping[str, object] = {}
    lines: Mapping[str, int] = {}
    problems: tuple[SettingError, ...] = ()

    def complaints(self, file: object) -> list[str]:
        """The problems, each with its place in a file of this name, as editors and compilers write it."""
        return [f"{file}{self._place(each)}: {each}" for each in self.problems]

    def _place(self, problem: SettingError) -> str:
        line = self.lines.get(problem.name)
        return f":{line}" if line else ""
