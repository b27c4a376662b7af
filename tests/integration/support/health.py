"""What a node under test says on /diagnostics."""

from diagnostic_msgs.msg import DiagnosticArray
from patience import PATIENCE_S

NAMES = {0: "OK", 1: "WARN", 2: "ERROR", 3: "STALE"}


class Health:
    """The last statuses of a node, by what they are about: "model", "camera", "work", ..."""

    def __init__(self, node):
        self.node = node
        self.prefix = node.full_name.lstrip("/")
        self.arrivals = []
        self._subscription = node.client.listen(DiagnosticArray, "/diagnostics", self._take)

    def close(self):
        self.node.client.node.destroy_subscription(self._subscription)

    def _take(self, arrival):
        if any(status.hardware_id == self.prefix for status in arrival.message.status):
            self.arrivals.append(arrival)

    def next(self, count=1):
        """Waits for so many further messages; returns the statuses of the last."""
        seen = len(self.arrivals)
        self.node._wait(lambda: len(self.arrivals) >= seen + count, PATIENCE_S, "/diagnostics")
        return self.statuses()

    def statuses(self, arrival=None):
        """{"model": status} of a message; of the last, if none is given."""
        found = {}
        for status in (arrival or self.arrivals[-1]).message.status:
            prefix, _, about = status.name.partition(": ")
            assert prefix == self.prefix, status.name
            found[about] = status
        return found

    def wait_for(self, about, level, said="", meanwhile=None, since=None):
        """Waits until the status says so; returns it. `since`: so many messages had come when that may have begun."""
        since = max(0, len(self.arrivals) - 1) if since is None else since

        def found():
            told = (self.statuses(arrival).get(about) for arrival in reversed(self.arrivals[since:]))
            says_so = (one for one in told if one and NAMES[level_of(one)] == level and said in one.message)
            return next(says_so, None)

        return self.node._wait(found, PATIENCE_S, f"{about}: {level} {said}", meanwhile)


def level_of(status):
    """rclpy gives a `byte` as bytes of length 1."""
    return status.level[0]


def values(status):
    return {pair.key: pair.value for pair in status.values}
