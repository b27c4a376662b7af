"""How long to wait for something."""

import time

# More than this between two looks: the machine was paused, or the process stopped. That was no waiting.
LONGEST_STEP_S = 1.0


class Patience:
    """So many seconds, of which only those count in which this process looked at least once a second."""

    def __init__(self, seconds):
        self.left = seconds
        self._last = time.monotonic()

    def is_over(self):
        now = time.monotonic()
        self.left -= min(now - self._last, LONGEST_STEP_S)
        self._last = now
        return self.left < 0
