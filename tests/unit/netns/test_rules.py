"""Which rules differ from those that are wanted."""

import pytest

from netns.rules import Rules

ONE, OTHER = {"ip nat PREROUTING": ["one"]}, {"ip nat PREROUTING": ["other"]}
LEGACY = {"ip nat": ["one"]}


@pytest.mark.parametrize(
    ("found", "wanted", "names"),
    [
        (Rules(ONE, {}), Rules(ONE, {}), ()),
        (Rules({}, {}), Rules(ONE, {}), ("ip nat PREROUTING",)),
        (Rules(OTHER, {}), Rules(ONE, {}), ("ip nat PREROUTING",)),
        (Rules(ONE | {"ip filter more": []}, {}), Rules(ONE, {}), ("ip filter more",)),
        (Rules({}, LEGACY), Rules({}, LEGACY), ()),
        (Rules(ONE, {}), Rules({}, LEGACY), ("ip nat",)),
        (Rules(ONE, LEGACY), Rules({}, LEGACY), ()),
        (Rules(ONE, LEGACY), Rules(ONE, {}), ()),
    ],
)
def test_differing(found: Rules, wanted: Rules, names: tuple[str, ...]) -> None:
    """What is missing, another or too much is named; rules that the other kind has left are no matter."""
    assert names == found.differing(wanted)
