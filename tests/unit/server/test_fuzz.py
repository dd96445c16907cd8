"""A short run of `scripts/fuzz http`."""

from tests.fuzz.guest_http import GuestHttp

CONVERSATIONS = 2000


def test_whatever_a_guest_sends() -> None:
    doors = GuestHttp()

    for number in range(CONVERSATIONS):
        doors.try_one(f"test:{number}")
