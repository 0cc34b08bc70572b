"""Settings of all tests."""

from hypothesis import settings

# A slow, busy machine is no failure: what takes too long runs into the time limit of its test.
settings.register_profile("iii-bridge", parent=settings.default, deadline=None)
settings.load_profile("iii-bridge")
