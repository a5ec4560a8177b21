"""What holds for all tests."""

import gc

from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
gc.disable()  # until all tests are there: what is imported is not garbage


def pytest_collection_finish() -> None:
    """The tests and what they import stay until the end: the garbage collector need not look at them again and again."""
    gc.freeze()
    gc.enable()
