"""Session tokens."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.tokens import TOKEN_LENGTH, is_valid, issue

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
NOW = 1_800_000_000.25


def test_good_until_its_last_second() -> None:
    """A token is good for all of its time."""
    token = issue(KEY, 5, NOW)

    assert is_valid(KEY, token, NOW + 5)


def test_expires() -> None:
    """A token is bad after its time."""
    token = issue(KEY, 5, NOW)

    assert not is_valid(KEY, token, NOW + 6)


def test_belongs_to_one_vm() -> None:
    """A token issued under another VM's key is bad."""
    token = issue(OTHER_KEY, 5, NOW)

    assert not is_valid(KEY, token, NOW)


def test_expiry_is_signed() -> None:
    """A token whose expiry was changed is bad."""
    token = issue(KEY, 5, NOW)
    later = issue(OTHER_KEY, 21600, NOW)

    assert not is_valid(KEY, later[:10] + token[10:], NOW)


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever a guest sends is checked without an exception."""
    assert not is_valid(KEY, text, NOW)


@given(st.text("ABCabc019_-=", min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH))
def test_any_text_of_the_right_length(text: str) -> None:
    """So is what looks like a token."""
    assert not is_valid(KEY, text, NOW)


@given(st.binary(min_size=32, max_size=32), st.integers(1, 21600), st.floats(0, 1e11))
def test_shape(key: bytes, ttl_seconds: int, now: float) -> None:
    """Every token is URL-safe, of one length, and good at once."""
    token = issue(key, ttl_seconds, now)

    assert len(token) == TOKEN_LENGTH
    assert token.replace("-", "").replace("_", "").isalnum()
    assert is_valid(key, token, now)


def test_one_spelling() -> None:
    """A token with another last character is another token, also where that has bits to spare."""
    token = issue(bytes(32), 60, 0)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    assert [token] == [other for last in alphabet if is_valid(bytes(32), other := token[:-1] + last, 0)]


@pytest.mark.parametrize("verdict", [True, False])
@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, key: bytes, verdict: object) -> None:
    """Whether a signature is right is said by nothing but `hmac.compare_digest`, which sees all of both."""
    compared: list[int] = []

    def compare(ours: bytes, theirs: bytes) -> object:
        compared.extend((len(ours), len(theirs)))
        return verdict

    monkeypatch.setattr(hmac, "compare_digest", compare)

    assert verdict is is_valid(KEY, issue(key, 5, NOW), NOW)
    assert [32, 32] == compared
