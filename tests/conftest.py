"""For every suite of Python tests."""

import signal


def pytest_configure():
    # Scripts start background jobs with SIGINT ignored, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
