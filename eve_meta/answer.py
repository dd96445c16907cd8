"""Request -> answer: all of the HTTP that a guest can see, as a function of values."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from attrs import Factory, field, frozen

from eve_meta import formats
from eve_meta.etags import IF_NONE_MATCH, etag, unless_known, weak_etag
from eve_meta.exchange import FORBIDDEN, Answer, Request, not_allowed, refusal
from eve_meta.passwords import answer_password
from eve_meta.reports import answer_report
from eve_meta.sessions import answer_token, is_token_path, refuse_session
from eve_meta.target import MalformedTargetError, names_in
from eve_meta.tree import Directory, Entropy, Inbox, Leaf, SeededLeaf, Slot, find
from eve_meta.vm import VM, Endpoint
from eve_meta.waiting import unless_waited

__all__ = ["Answer", "Metadata", "Request", "answer", "paths"]

MAX_TARGET_BYTES = 2048
_REMEMBERED_TARGETS = 8
"""Of a VM: more than a client asks for again and again, small for thousands of VMs that have booted."""


@frozen
class _Place:
    """Where a target leads: to nothing if `leaf` is None; tokens may be asked for instead.

    Attributes:
        answer: where it is always the same.
        tag: of what is found there; empty where nothing is, or what the guest has set.
    """

    names: tuple[str, ...]
    is_for_tokens: bool
    leaf: Leaf | SeededLeaf | Slot | Inbox | None
    answer: Answer | None
    tag: bytes


@frozen(eq=False)
class Metadata:
    """All that a VM is told, from one revision of its document.

    Attributes:
        token_key: 32 bytes of the VM's own that its session tokens are signed with.
        password: what its guest has set; empty: nothing.
        place: where a path leads a guest that asks from an address; the last ones are remembered, rendered.
            Raises `MalformedTargetError` for what is no path.
    """

    vm: VM
    token_key: bytes = field(repr=False)
    password: str = field(default="", repr=False)
    place: Callable[[bytes, str], _Place] = field(
        init=False,
        repr=False,
        default=Factory(
            lambda self: lru_cache(_REMEMBERED_TARGETS)(partial(_locate, self.vm)), takes_self=True
        ),
    )


def answer(metadata: Metadata, request: Request, now: float, entropy: Entropy, peer: str = "") -> Answer:
    """The answer to a request at `now` (Unix time). Whatever the request holds, this does not raise.

    `peer` is the address that it came from, as the guest wrote it; nobody is known by it.
    """
    if metadata.vm.service.endpoint is Endpoint.DISABLED:
        return FORBIDDEN
    if len(request.target) > MAX_TARGET_BYTES:
        return refusal(414)
    try:
        place = metadata.place(request.target.partition(b"?")[0], peer)
    except MalformedTargetError:
        return refusal(400)
    if place.is_for_tokens:
        return answer_token(metadata.vm.service, metadata.token_key, request, place.names, now)
    return _answer_metadata(metadata, request, place, now, entropy)


def paths(metadata: Metadata) -> Iterator[str]:
    """Every path that answers with metadata, depth first."""
    return formats.paths(metadata.vm)


def _answer_metadata(
    metadata: Metadata, request: Request, place: _Place, now: float, entropy: Entropy
) -> Answer:
    if request.method not in {b"GET", b"HEAD"} and not isinstance(place.leaf, Slot | Inbox):
        return not_allowed(b"GET", b"HEAD")
    refused = refuse_session(metadata.vm.service, metadata.token_key, request.headers, now)
    if refused is not None:
        return refused
    match place.leaf:
        case SeededLeaf() as leaf:
            found = _found(leaf.content_type, leaf.read(entropy), place.tag)
        case Slot():
            return answer_password(metadata.password, request)
        case Inbox(kind):
            return answer_report(kind, request)
        case _:
            if place.answer is None:
                return refusal(404)
            found = place.answer
    known = request.headers.get(IF_NONE_MATCH)
    if known is not None:
        found = unless_known(found, place.tag, known)
    query = request.target.partition(b"?")[2]
    return unless_waited(found, place.tag, query) if query else found


def _locate(vm: VM, target: bytes, peer: str) -> _Place:
    names = names_in(target)
    node = find(formats.root(vm, peer), names)
    leaf = _listing(node) if isinstance(node, Directory) else node
    tag = _tag(leaf)
    same = _found(leaf.content_type, leaf.body, tag) if isinstance(leaf, Leaf) else None
    return _Place(names, is_token_path(names), leaf, same, tag)


def _tag(leaf: Leaf | SeededLeaf | Slot | Inbox | None) -> bytes:
    match leaf:
        case Leaf():
            return etag(leaf.body)
        case SeededLeaf():
            return weak_etag(leaf.before, leaf.after)
        case _:
            return b""


def _found(content_type: bytes, body: bytes, tag: bytes) -> Answer:
    return Answer(200, ((b"Content-Type", content_type), (b"ETag", tag)), body)


def _listing(directory: Directory) -> Leaf | None:
    return Leaf(directory.listing()) if directory.is_listed else None
