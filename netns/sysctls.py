"""The sysctls of a namespace and of the host's end of its link.

All that matters is written in each namespace: what one inherits depends on the host
(net.core.devconf_inherit_init_net), and an inherited arp_ignore made others' metadata unreachable
(OpenNebula #7691). Source: Documentation/networking/ip-sysctl.rst, Linux 6.18.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping

from netns import procfs
from netns.wiring import INNER_LINK

_HOST = "/proc/sys/net/ipv6/conf"

_NAMESPACE = {
    "core": {"somaxconn": 4096},
    "ipv4": {"ip_forward": 0, "icmp_echo_ignore_all": 0},
    "ipv6/icmp": {"echo_ignore_all": 0},
}

_IPV4_LINK = {
    "accept_local": 0,
    "accept_redirects": 0,
    "accept_source_route": 0,
    "arp_accept": 0,
    "arp_announce": 2,  # the sender is always the metadata address
    "arp_filter": 0,
    "arp_ignore": 1,  # answer for what this link holds, whatever the asker's address
    "forwarding": 0,
    "proxy_arp": 0,
    "route_localnet": 0,
    "rp_filter": 0,  # a guest may have any source address
    "send_redirects": 0,
}

_IPV6_LINK = {
    "accept_dad": 0,  # the same addresses stand in every namespace, and each is alone with its guest
    "accept_ra": 0,
    "accept_redirects": 0,
    "accept_source_route": 0,
    "addr_gen_mode": 1,  # no link-local address but the one we give
    "autoconf": 0,
    "dad_transmits": 0,
    "disable_ipv6": 0,
    "forwarding": 0,
    "proxy_ndp": 0,
    "router_solicitations": 0,
}


def write() -> None:
    """Write the sysctls of the namespace that the calling thread is in: of its links, and of those to come.

    Raises:
        OSError: the kernel refused one.
    """
    for _, directory, settings in _directories("all", "default", INNER_LINK):
        for name, value in settings.items():
            _write(directory, name, value)


def differing() -> tuple[str, ...]:
    """The sysctls that are not as written, of those that are heeded by now: "ipv4/conf/eth0/rp_filter".

    Raises:
        OSError: the kernel refused to tell one.
    """
    return tuple(
        f"{path}/{name}"
        for path, directory, settings in _directories("all", INNER_LINK)
        for name, value in settings.items()
        if _read(directory, name) != value
    )


def silence(link: str) -> None:
    """Keep the host's own IPv6 off its end of a link: it would solicit routers and announce itself there.

    Raises:
        OSError: the kernel refused.
    """
    with _opened(f"{_HOST}/{link}") as directory:
        _write(directory, "disable_ipv6", 1)


def _directories(*links: str) -> Iterator[tuple[str, int, Mapping[str, int]]]:
    """The namespace's directory and those of the links that it has: path, descriptor, and what is set there.

    Each step of a path takes its time: so none is taken twice.
    """
    with procfs.opened("sys/net") as root:
        for path, settings in _NAMESPACE.items():
            with _opened(path, root) as directory:
                yield path, directory, settings
        for path, settings in (("ipv4/conf", _IPV4_LINK), ("ipv6/conf", _IPV6_LINK)):
            with _opened(path, root) as conf:
                for link in links:
                    with contextlib.suppress(FileNotFoundError), _opened(link, conf) as directory:
                        yield f"{path}/{link}", directory, settings


@contextlib.contextmanager
def _opened(path: str, within: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(directory: int, name: str) -> int:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return int(os.read(descriptor, 64))
    finally:
        os.close(descriptor)


def _write(directory: int, name: str, value: int) -> None:
    """Reading is free; many writes wait for the kernel's one network lock, so none is done in vain."""
    if _read(directory, name) == value:
        return
    descriptor = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        os.write(descriptor, b"%d" % value)
    finally:
        os.close(descriptor)
