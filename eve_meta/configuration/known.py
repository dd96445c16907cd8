"""The settings that there are: read off the classes that hold them."""

from collections.abc import Mapping
from pathlib import Path

from attrs import Attribute, asdict, fields, frozen

from eve_meta.contact import Address
from eve_meta.limits import PREFIX, Limits
from eve_meta.settings import Settings

LIMITS = "limits"
_USUAL = {"servers": "one per CPU"}
"""Where the value depends on the host."""


@frozen
class Setting:
    """One setting.

    Attributes:
        name: as a file has it; `limits.connections` is `connections` in the mapping `limits`.
        kind: the type of its values.
        usual: the value where none is given, in words.
        accepted: what it may be, in words.
        meaning: what it is.
    """

    name: str
    kind: object
    usual: str
    accepted: str
    meaning: str


def shown(value: object) -> str:
    """A setting's value, as a file has it."""
    match value:
        case None:
            return "none"
        case Address():
            return f"[{value.host}]:{value.port}" if ":" in value.host else f"{value.host}:{value.port}"
        case _:
            return str(value)


def plain(value: object) -> object:
    """A setting's value, as JSON has it."""
    return shown(value) if isinstance(value, Path | Address) else value


def flat(settings: Settings) -> dict[str, object]:
    """All values by the names of the settings, in order."""
    own = {each.name: getattr(settings, each.name) for each in _own()}
    return own | {PREFIX + name: value for name, value in asdict(settings.limits).items()}


def composed(values: Mapping[str, object]) -> Settings:
    """The settings where some values, as `flat` has them, are not the usual ones.

    Raises:
        SettingError: one of them cannot be.
    """
    own = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    limits = {name.removeprefix(PREFIX): value for name, value in values.items() if name not in own}
    return Settings(**own, limits=Limits(**limits))  # type: ignore[arg-type]


def _own() -> list["Attribute[object]"]:
    return [each for each in fields(Settings) if each.name != LIMITS]


def _setting(attribute: "Attribute[object]", prefix: str = "") -> Setting:
    name, accepted = prefix + attribute.name, attribute.metadata["accepted"]
    if isinstance(accepted, range):
        accepted = f"{accepted[0]} to {accepted[-1]}"
    usual = _USUAL.get(name) or shown(attribute.default)
    return Setting(name, attribute.type, usual, accepted, attribute.metadata["meaning"])


SETTINGS: Mapping[str, Setting] = {
    each.name: each
    for each in (*map(_setting, _own()), *(_setting(limit, PREFIX) for limit in fields(Limits)))
}
"""By name, in order."""
