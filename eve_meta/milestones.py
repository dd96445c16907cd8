"""What of a boot is told as it happens: that a guest has asked, and that it has its user data."""

import enum

USER_DATA_PATHS = ("/user_data", "/user-data")
"""How paths of user data end, in OpenStack's tree, and in EC2's and NoCloud's."""


class Milestone(enum.Enum):
    """What a guest may have come to; each is told once for each revision of its document."""

    ASKED = "asked"
    """Something, for the first time since its interface's door was opened."""
    USER_DATA = "user-data"
    """Read, for the first time since this revision is in force."""
