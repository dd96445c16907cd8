"""What can go wrong with wires: the base and its few named kinds."""

from os import strerror

from attrs import frozen


class NetnsError(Exception):
    """Anything that this package tells its caller about on purpose."""


@frozen
class NameRefusedError(NetnsError):
    """A name that no interface can have, or that is not the caller's to use."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name!r} {self.reason}"


@frozen
class NoSuchInterfaceError(NetnsError):
    """No interface of this name is in the host's network namespace.

    Attributes:
        renamed: the name that it has had since, where that is known.
    """

    interface: str
    renamed: str | None = None

    def __str__(self) -> str:
        if self.renamed:
            return f"the interface {self.interface!r} was renamed to {self.renamed!r}: attach it by that name"
        return f"there is no interface {self.interface!r} on this host (see 'ip link')"


@frozen
class UnsuitableInterfaceError(NetnsError):
    """An interface whose incoming frames cannot be steered, and what to name instead."""

    interface: str
    reason: str

    def __str__(self) -> str:
        return f"{self.interface} {self.reason}"


@frozen
class KernelRefusedError(NetnsError):
    """The kernel, or a program that speaks to it, did not do as asked.

    Attributes:
        action: what was asked, as a verb phrase: "add the link evmabc".
        code: the errno; 0 where a program failed without one.
        detail: what the program said, where there was one.
    """

    action: str
    code: int
    detail: str = ""

    def __str__(self) -> str:
        reason = self.detail or f"{strerror(self.code)} (errno {self.code})"
        return f"could not {self.action}: {reason}"


@frozen
class MissingError(NetnsError):
    """Something that the host must have is not there, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"
