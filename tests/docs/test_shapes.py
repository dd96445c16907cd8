"""What may be shown of what was printed."""

import pytest

from tests.docs.shapes import is_like


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("", ""),
        ("tap0: attached (revision 1, 21 ms)", "tap0: attached (revision 12, 8.5 ms)\n"),
        ("last  2 min ago", "last      0.4 s ago\n"),
        ("a\n…\nd", "a\nb\nc\nd\n"),
        ("a\n…\nd", "a\nd\n"),
        ("a … d", "a b c d\n"),
        ("  +4.1 s  ●·······", "  +0.2 s  ··●·····\n"),
        ("x  0", "x  0     \n"),
    ],
)
def test_like(shown: str, printed: str) -> None:
    assert is_like(shown.splitlines(), printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("", "a\n"),
        ("a", ""),
        ("a", "a\nb\n"),
        ("a\nb", "a\n"),
        ("b\na", "a\nb\n"),
        ("1 attached, 2 refused", "1 attached\n"),
        ("a.c", "abc\n"),
        ("a … d", "a b\nc d\n"),
        ("a\n…\nd", "a\nb\nc\n"),
    ],
)
def test_unlike(shown: str, printed: str) -> None:
    assert not is_like(shown.splitlines(), printed)
