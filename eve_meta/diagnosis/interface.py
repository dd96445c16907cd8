"""The way of a guest's question at one interface, step by step, and what is wrong with it."""

import json
import socket
import time
from collections.abc import Iterator

from eve_meta.accesses import printable
from eve_meta.diagnosis.asking import How, NoAnswerError, Reply, ask
from eve_meta.diagnosis.finding import Finding, fail, ok, warn
from eve_meta.diagnosis.host import obstructions
from eve_meta.diagnosis.told import Told
from eve_meta.story import story
from netns import SERVICE_PORT, NetnsError, Seen, check_interface, links, namespace_of, namespaces
from netns.kinds import objection
from netns.linux import LinuxNetwork
from netns.listeners import listeners
from netns.netlink import NETLINK_ROUTE, Netlink
from netns.wiring import INNER_MAC

PATH = "/openstack/latest/meta_data.json"
"""Where the VM's uuid is told."""

_OK = 200
_BY_LIMITS = " filter"
"""In what an agent with `--limit` makes otherwise than one without."""

_LOOKS_FOR_US = (
    "is it running? cloud-init looks here if SMBIOS says 'OpenStack Compute' (docs/operating.md), and asks"
    " once in a VM's life"
)


def findings(interface: str, told: Told) -> Iterator[Finding]:
    """What there is to say, one after the other, up to where nothing can come after it.

    Raises:
        NetnsError: the kernel does not tell.
    """
    for step in (_port, _attached):
        found = list(step(interface, told))
        yield from found
        if any(each.is_failed for each in found):
            return
    yield from _wiring(interface, told)
    yield from _listening(interface, told)
    yield from obstructions([interface])
    for version in (4, 6):
        yield _probe(interface, version, told)
    yield from _contact(told)


def _port(interface: str, _told: Told) -> Iterator[Finding]:
    try:
        check_interface(interface)
        with Netlink(NETLINK_ROUTE) as route:
            found = links.find(route, interface)
    except NetnsError as error:
        yield fail("port", str(error), "see 'ip link'")
        return
    if found is None:
        yield fail(
            "port", f"there is no interface {interface!r} on this host", "start its VM, or see 'ip link'"
        )
    elif reason := objection(found):
        message, _, remedy = reason.partition(": ")
        yield fail("port", f"{interface} {message}", remedy)
    elif not found.is_up:
        yield fail("port", f"{interface} is down", f"set it up (ip link set {interface} up)")
    else:
        place = f"on {socket.if_indextoname(found.master)}" if found.master else "on no bridge"
        yield ok("port", f"{interface} is up, {place}")
        if not found.has_carrier:
            message = f"{interface} has no carrier: nobody is behind it at present"
            yield warn("carrier", message, "start its VM, if it should run")


def _attached(interface: str, told: Told) -> Iterator[Finding]:
    status = told.status(interface)
    if told.silence is not None:
        if _seen(interface).is_clear:
            yield fail("attached", f"nothing is made for {interface}", "start the agent, and attach it")
    elif status is None:
        remedy = f"attach it (eve-meta attach {interface} DOCUMENT)"
        yield fail("attached", f"{interface} is not attached", remedy)
    elif status["state"] != "open":
        yield fail("attached", f"{interface} is {status['state']}: {status['reason']}", "see the agent's log")
    else:
        yield ok("attached", f"as VM {status['uuid']}, revision {status['revision']}")


def _wiring(interface: str, told: Told) -> Iterator[Finding]:
    remedy = (
        "start the agent, which puts it right" if told.silence else "the agent puts it right: see its log"
    )
    faults = _seen(interface).faults
    for fault in faults:
        message = f"not as it should be, or not there: {fault}"
        if fault.startswith("the rules of") and _BY_LIMITS in fault:
            yield warn("wiring", message, f"{remedy}; an agent with --limit makes others than the usual")
        else:
            yield fail("wiring", message, remedy)
    if not faults:
        yield ok("wiring", "namespace, link, rules and nftables table are as they should be")


def _seen(interface: str) -> Seen:
    network = LinuxNetwork()
    try:
        return network.inspect(interface)
    finally:
        network.close()


def _listening(interface: str, told: Told) -> Iterator[Finding]:
    try:
        found = namespaces.enter(namespace_of(interface), lambda: list(listeners()))
    except OSError:
        return  # what the wiring's lines say
    if any(each.port == SERVICE_PORT for each in found):
        yield ok("listening", f"there is a socket in {namespace_of(interface)}")
    else:
        remedy = "start the agent" if told.silence else "see the agent's log"
        yield fail("listening", f"nobody listens in {namespace_of(interface)}", remedy)


def _probe(interface: str, version: int, told: Told) -> Finding:
    check = f"probe IPv{version}"
    try:
        reply = ask(interface, PATH, How(version=version, gets_token=True))
    except NoAnswerError as error:
        if error.neighbour in (None, INNER_MAC):
            return fail(check, str(error), _remedy(error.step, interface, told))
        message = f"another than eve-meta is asked, at {error.neighbour}: {error}"
        return fail(check, message, _remedy("neighbour", interface, told))
    if reply.neighbour != INNER_MAC:
        message = f"another than eve-meta answers, at {reply.neighbour}"
        return fail(check, message, _remedy("neighbour", interface, told))
    if reply.status != _OK:
        return fail(check, f"{PATH} is answered {reply.status} {reply.reason}", "see the agent's log")
    uuid, status = _uuid(reply), told.status(interface)
    if status is not None and uuid != status["uuid"]:
        return fail(check, f"answered as VM {uuid}, not {status['uuid']}", "restart the agent; this is a bug")
    way = "" if reply.returning == interface else f", taken before {interface}, which lets nothing out"
    return ok(check, f"answered as VM {uuid} in {reply.milliseconds:.0f} ms{way}")


def _uuid(reply: Reply) -> str:
    """As it is told by a server that guests may have taken over."""
    try:
        told = json.loads(reply.body)
    except ValueError:
        return "?"
    return printable(told.get("uuid")) if isinstance(told, dict) else "?"


def _remedy(step: str, interface: str, told: Told) -> str:
    match step:
        case "neighbour":
            return "its frames are not steered, or dropped before: see the lines above"
        case "connection" if told.silence:
            return "start the agent"
        case "connection":
            return (
                f"see the rules (ip netns exec {namespace_of(interface)} iptables-save), and the agent's log"
            )
        case "http":
            return "see the agent's log"
        case "token":
            return "see 'service' in its document"
        case _:
            return "see the lines above"


def _contact(told: Told) -> Iterator[Finding]:
    if told.accesses is None:
        return
    lines = dict(story(told.accesses, time.time()))
    if "guest" in lines:
        yield warn("guest", f"it {lines['guest']}", _LOOKS_FOR_US)
    else:
        yield ok("guest", f"asked first {lines['first request']}, by {lines['asked by']}")
