"""The redirect and the filter inside a namespace, in iptables, which is what an operator looks with."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

from netns.errors import KernelRefusedError, MissingError
from netns.wiring import GUEST_PORT, METADATA_IPV4, METADATA_IPV6, SERVICE_PORT, Knocks

_SEARCH_PATH = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin"

# A connection is let in only if it was redirected: the service's port can not be asked for by its number. It
# begins with a SYN, of which so many are let in and no more: the kernel keeps an entry for each for a minute,
# and for whatever else would begin one for days, in memory that all guests share.
# A refusal (the RST that answers a connection nobody listens for) stays inside: while the agent restarts a
# guest's SYN is then repeated, where most guests would take a refusal as final. A connection that was
# accepted is ASSURED, so it can be reset.
# The last rule stands for a policy: setting one makes iptables-nft update a chain that it has just made, and
# with that its exit waits for an RCU grace period, 17 ms a table.
_NAT = """\
*nat
{redirects}
COMMIT
"""
_FILTER = """\
*filter
-A INPUT -p tcp --dport {port} -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -p tcp --dport {port} --syn -m conntrack --ctstate DNAT {limit} -j ACCEPT
{icmp}
-A INPUT -j DROP
-A FORWARD -j DROP
-A OUTPUT -p tcp --sport {port} --tcp-flags RST RST -m conntrack ! --ctstatus ASSURED -j DROP
COMMIT
"""
_LIMIT = "-m limit --limit {per_second}/second --limit-burst {burst}"

_RESTORE4, _RESTORE6 = "iptables-restore", "ip6tables-restore"
_BUILT_IN = {
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}

_ICMP4 = "-A INPUT -p icmp --icmp-type echo-request -j ACCEPT"
_ICMP6 = "\n".join(
    f"-A INPUT -p ipv6-icmp --icmpv6-type {kind} -j ACCEPT"
    for kind in ("echo-request", "neighbour-solicitation", "neighbour-advertisement")
)


def _rules(addresses: tuple[object, ...], icmp: str, knocks: Knocks) -> str:
    """The rules of one family, as `iptables-restore` reads them."""
    limit = _LIMIT.format(per_second=knocks.per_second, burst=knocks.burst)
    redirects = "\n".join(
        f"-A PREROUTING -d {address} -p tcp --dport {GUEST_PORT} -j REDIRECT --to-ports {SERVICE_PORT}"
        for address in addresses
    )
    return _NAT.format(redirects=redirects) + _FILTER.format(icmp=icmp, port=SERVICE_PORT, limit=limit)


def _families(knocks: Knocks) -> dict[str, str]:
    """The rules of both families, by the program that takes them."""
    return {
        _RESTORE4: _rules((METADATA_IPV4,), _ICMP4, knocks),
        _RESTORE6: _rules(METADATA_IPV6, _ICMP6, knocks),
    }


def check() -> None:
    """See that the programs are there.

    Raises:
        MissingError: one is not.
    """
    for program in (_RESTORE4, _RESTORE6):
        if not _path(program):
            raise MissingError(program, "install iptables (Debian: apt-get install iptables)")


def version() -> str:
    """What `iptables` calls itself: "iptables v1.8.9 (nf_tables)"; empty if it does not."""
    program = _path("iptables")
    if program is None:
        return ""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


@contextlib.contextmanager
def adding(knocks: Knocks) -> Iterator[None]:
    """Add the rules of both families, in the namespace that the calling thread is in, while the body runs.

    Raises:
        KernelRefusedError: a program failed; its words are in the error.
    """
    running = [(program, _start(program, given, "--noflush")) for program, given in _families(knocks).items()]
    try:
        yield
    finally:
        _finish(running)


def replace(knocks: Knocks) -> None:
    """Put the rules of both families in place of what stands in the calling thread's namespace.

    Each table is replaced in one piece: no frame meets it half-way.

    Raises:
        KernelRefusedError: a program failed; its words are in the error.
    """
    replacements = {program: _with_policies(given) for program, given in _families(knocks).items()}
    _finish([(program, _start(program, given)) for program, given in replacements.items()])


def saved(family: str) -> str:
    """What `iptables-save` prints of "ip", or `ip6tables-save` of "ip6", in the calling thread's namespace.

    Raises:
        KernelRefusedError: it failed; its words are in the error.
    """
    program = f"{family}tables-save"
    done = subprocess.run([_path(program) or program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise KernelRefusedError(f"read the rules with {program}", 0, done.stderr.strip())
    return done.stdout


def _with_policies(given: str) -> str:
    """The old kind keeps a chain's policy unless it is told one."""
    for table, chains in _BUILT_IN.items():
        given = given.replace(f"*{table}\n", f"*{table}\n" + "".join(f":{each} ACCEPT\n" for each in chains))
    return given


def _finish(running: list[tuple[str, subprocess.Popen[str]]]) -> None:
    ended = [(program, each, each.communicate()[1]) for program, each in running]
    for program, each, said in ended:
        if each.returncode:
            raise KernelRefusedError(f"write the rules with {program}", 0, said.strip())


def _start(program: str, given: str, *options: str) -> subprocess.Popen[str]:
    with tempfile.TemporaryFile("w+") as rules:
        rules.write(given)
        rules.seek(0)
        return subprocess.Popen(
            [_path(program) or program, *options, "--wait", "5"],
            stdin=rules,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )


def _path(program: str) -> str | None:
    return shutil.which(program, path=_SEARCH_PATH)
