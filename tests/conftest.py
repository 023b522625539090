"""Settings of all tests."""

from hypothesis import settings

# On a busy machine an example may take any time; that is no fault of what it tests.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
