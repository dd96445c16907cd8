"""Settings of the unit tests."""

from hypothesis import settings

# The machine may be busy: how long an example takes says nothing.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
