"""The sysctls of a namespace and of the host's end of its link.

All that matters is written in each namespace: what one inherits depends on the host
(net.core.devconf_inherit_init_net), and an inherited arp_ignore made others' metadata unreachable
(OpenNebula #7691). Source: Documentation/networking/ip-sysctl.rst, Linux 6.18.
"""

import os

from netns.wiring import INNER_LINK

_ROOT = "/proc/sys/net"

_NAMESPACE = {
    "core/somaxconn": 4096,
    "ipv4/ip_forward": 0,
    "ipv4/icmp_echo_ignore_all": 0,
    "ipv6/conf/all/forwarding": 0,
    "ipv6/icmp/echo_ignore_all": 0,
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
    for name, value in _NAMESPACE.items():
        _write(name, value)
    for link in ("all", "default", INNER_LINK):
        if link == INNER_LINK and not os.path.exists(f"{_ROOT}/ipv4/conf/{link}"):  # noqa: PTH110 - no file
            continue
        for name, value in _IPV4_LINK.items():
            _write(f"ipv4/conf/{link}/{name}", value)
        for name, value in _IPV6_LINK.items():
            _write(f"ipv6/conf/{link}/{name}", value)


def silence(link: str) -> None:
    """Keep the host's own IPv6 off its end of a link: it would solicit routers and announce itself there.

    Raises:
        OSError: the kernel refused.
    """
    _write(f"ipv6/conf/{link}/disable_ipv6", 1)


def _write(name: str, value: int) -> None:
    """Reading is free; many writes wait for the kernel's one network lock, so none is done in vain."""
    descriptor = os.open(f"{_ROOT}/{name}", os.O_RDWR | os.O_CLOEXEC)
    try:
        if int(os.pread(descriptor, 64, 0)) != value:
            os.pwrite(descriptor, b"%d" % value, 0)
    finally:
        os.close(descriptor)
