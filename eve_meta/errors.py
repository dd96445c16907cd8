"""What can go wrong in words for an operator: the base and its few named kinds."""

from attrs import frozen


class EveMetaError(Exception):
    """Anything that eve-meta tells an operator about on purpose."""


@frozen
class DocumentError(EveMetaError):
    """A document that cannot be served, and the field that is to blame.

    Attributes:
        field: path of the field as written in YAML, `interfaces[1].mac`; empty for the document as a whole.
        reason: what is wrong with it and what would be right, without the field's name.
    """

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


@frozen
class StorageError(EveMetaError):
    """The disk did not take a change, or did not give back what it holds; what was in force still is."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"could not store {self.path}: {self.reason}"


@frozen
class SettingError(EveMetaError):
    """A setting that an agent cannot run with.

    Attributes:
        name: of the setting, as a file has it, `limits.connections`; empty for the file as a whole.
        reason: what is wrong with it, without its name.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}" if self.name else self.reason
