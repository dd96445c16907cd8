"""What the kernel refuses, as what the caller was doing."""

import contextlib
from collections.abc import Iterator

from netns.errors import KernelRefusedError
from netns.netlink import NetlinkError


@contextlib.contextmanager
def doing(action: str, interface: str) -> Iterator[None]:
    """Name what is done while the body runs, as in "make the link", and for which interface.

    Raises:
        KernelRefusedError: the kernel refused it.
    """
    try:
        yield
    except NetlinkError as error:
        raise KernelRefusedError(f"{action} of {interface}", error.code, error.detail) from error
    except OSError as error:
        raise KernelRefusedError(f"{action} of {interface}", error.errno or 0, str(error)) from error
