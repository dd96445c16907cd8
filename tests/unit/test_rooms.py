"""What may import what: the rules of docs/architecture.md, read off the source."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("eve_meta", "netns")
OUTSIDE = frozenset(
    "ctypes os pathlib random socket subprocess sys tempfile threading time twisted".split()  # noqa: SIM905 - a list of words
)
"""What a pure room must do without: the system, its clock, its chance and its event loop."""

WORDS = "os.strerror"
"""The name of an error is no call of the system."""

PURE = (
    "eve_meta.accesses",
    "eve_meta.answer",
    "eve_meta.document",
    "eve_meta.errors",
    "eve_meta.etags",
    "eve_meta.exchange",
    "eve_meta.formats",
    "eve_meta.hooks",
    "eve_meta.imports",
    "eve_meta.passwords",
    "eve_meta.sessions",
    "eve_meta.story",
    "eve_meta.target",
    "eve_meta.tokens",
    "eve_meta.tree",
    "eve_meta.vm",
    "eve_meta.waiting",
    "netns.names",
    "netns.plan",
    "netns.steps",
    "netns.wiring",
)
STRANGERS = (
    ("netns", "eve_meta"),
    ("netns", "twisted"),
    ("eve_meta.server", "eve_meta.agent"),
    ("eve_meta.server", "netns"),
    ("eve_meta.agent", "eve_meta.server"),
    ("eve_meta.agent", "eve_meta.cli"),
    ("eve_meta.server", "eve_meta.cli"),
    ("eve_meta.cli", "netns"),
    ("eve_meta.agent", "eve_meta.diagnosis"),
    ("eve_meta.server", "eve_meta.diagnosis"),
    ("eve_meta.diagnosis", "eve_meta.agent"),
    ("eve_meta.diagnosis", "eve_meta.cli"),
    ("eve_meta.diagnosis", "twisted"),
)
"""The first imports nothing of the second."""


def name_of(path: Path) -> str:
    """What a module is imported as."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.AST) -> Iterator[str]:
    """The names that a piece of source imports: modules, or things in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = {name_of(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
IMPORTED = {name: frozenset(imported(tree)) for name, tree in TREES.items()}


def ours(names: frozenset[str]) -> frozenset[str]:
    """The project's modules that names are, or are in."""
    modules = (name if name in FILES else name.rpartition(".")[0] for name in names)
    return frozenset(module for module in modules if module in FILES)


GRAPH = {name: ours(names) - {name} for name, names in IMPORTED.items()}


def within(room: str, name: str) -> bool:
    """Whether a module, or a thing in one, is in a room."""
    return f"{name}.".startswith(f"{room}.")


def modules_in(room: str) -> frozenset[str]:
    """The modules of a room."""
    return frozenset(name for name in FILES if within(room, name))


def reached(names: frozenset[str]) -> frozenset[str]:
    """Modules, and all of ours that they import, directly or not."""
    seen: frozenset[str] = frozenset()
    while names - seen:
        seen |= names
        names = frozenset(each for name in names for each in GRAPH[name])
    return seen


def taken(names: frozenset[str]) -> set[tuple[str, str]]:
    """Each of the modules, with each name that it imports."""
    return {(name, used) for name in names for used in IMPORTED[name]}


@pytest.mark.parametrize("room", PURE)
def test_pure(room: str) -> None:
    """A pure room imports nothing of the world outside, and no room of ours that does."""
    used = taken(reached(modules_in(room)))

    assert used
    assert set() == {each for each in used if each[1].partition(".")[0] in OUTSIDE and each[1] != WORDS}


@pytest.mark.parametrize(("room", "stranger"), STRANGERS)
def test_strangers(room: str, stranger: str) -> None:
    """Rooms that are strangers to each other import nothing of each other."""
    assert set() == {each for each in taken(modules_in(room)) if within(stranger, each[1])}


def test_formats() -> None:
    """A format knows the VM, the tree and the kinds of reports, and nothing else of ours."""
    known = ("eve_meta.vm", "eve_meta.tree", "eve_meta.reports", "eve_meta.formats")
    used = {each for name in modules_in("eve_meta.formats") for each in GRAPH[name]}

    assert set() == {each for each in used if not any(within(room, each) for room in known)}


def test_formats_write_yaml_themselves() -> None:
    """No format imports PyYAML, which a server would pay for and does not need."""
    assert set() == {name for name, used in taken(modules_in("eve_meta.formats")) if within("yaml", used)}


def test_real_network() -> None:
    """The agent's composition root alone names the real network, and what looks at it beside the agent."""
    assert {"eve_meta.agent.service", "eve_meta.diagnosis.interface"} == {
        name for name in FILES if "netns.linux" in GRAPH[name]
    }


def test_no_cycles() -> None:
    """There is an order in which every module comes after those that it imports."""
    assert set(FILES) == set(TopologicalSorter(GRAPH).static_order())


def test_imports_on_top() -> None:
    """Modules are imported at the top of a file; the command line alone puts off what it may not need."""
    putting_off = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(imported(node))
    }

    assert set() == putting_off - modules_in("eve_meta.cli")
