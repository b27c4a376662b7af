"""What a node under test says on /diagnostics."""

from diagnostic_msgs.msg import DiagnosticArray

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

    def next(self, count=1, timeout=5.0):
        """Waits for so many further messages; returns the statuses of the last."""
        seen = len(self.arrivals)
        self.node._wait(lambda: len(self.arrivals) >= seen + count, timeout, "/diagnostics")
        return self.statuses()

    def statuses(self):
        """{"model": status}"""
        found = {}
        for status in self.arrivals[-1].message.status:
            prefix, _, about = status.name.partition(": ")
            assert prefix == self.prefix, status.name
            found[about] = status
        return found

    def wait_for(self, about, level, said="", timeout=6.0, meanwhile=None):
        """Waits until the status says so; returns it."""

        def found():
            status = self.arrivals and self.statuses().get(about)
            return status and NAMES[level_of(status)] == level and said in status.message and status

        return self.node._wait(found, timeout, f"{about}: {level} {said}", meanwhile)


def level_of(status):
    """rclpy gives a `byte` as bytes of length 1."""
    return status.level[0]


def values(status):
    return {pair.key: pair.value for pair in status.values}
