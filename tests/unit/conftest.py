"""Settings of the unit tests."""

import os

from hypothesis import settings

# The machine may be busy: how long an example takes says nothing. In CI the examples are the same each time,
# so that what a change broke is told from what chance has found.
settings.register_profile("ours", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("ours")
