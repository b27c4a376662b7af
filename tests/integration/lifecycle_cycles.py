"""Configure, activate, deactivate, cleanup, again and again, while memory, threads and files are watched.

    python tests/integration/lifecycle_cycles.py [CYCLES]     # after `make build`, in the shell of `source env.sh`; 1000
"""

import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    HERE = Path(__file__).resolve().parent
    sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1] / "demo")]

from processes import ROOT, resident_mb

WARM_UP_CYCLES = 50


def cycle(lifecycle):
    lifecycle.lead("configure", "activate", "deactivate", "cleanup")


class Growth:
    """What a process holds more than at the beginning."""

    def __init__(self, pid):
        self.pid = pid
        self.memory_mb, self.threads, self.files = self._now()

    def _now(self):
        count = lambda kind: sum(1 for _ in Path(f"/proc/{self.pid}/{kind}").iterdir())  # noqa: E731
        return resident_mb(self.pid), count("task"), count("fd")

    def figures(self):
        """(MiB, threads, files) more than at the beginning."""
        memory_mb, threads, files = self._now()
        return memory_mb - self.memory_mb, threads - self.threads, files - self.files

    def check(self, most_mb):
        memory_mb, threads, files = self.figures()
        told = f"{memory_mb:.1f} MiB, {threads} threads, {files} files more"
        # A pool of threads for work that waits has one or two more at times.
        assert memory_mb <= most_mb and threads <= 2 and files <= 0, told


def main():
    import os

    from managed import Managed
    from peer import NodeUnderTest
    from processes import free_domain_id, ros_environment

    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    domain = free_domain_id()
    os.environ.update(ros_environment(domain))
    parameters = {"autostart": False, "bundle": ROOT / "tests" / "fixtures" / "tiny"}
    with tempfile.TemporaryDirectory() as folder:
        node = NodeUnderTest(Path(folder), domain, parameters)
        try:
            lifecycle = Managed(node.full_name, node.client)
            for _ in range(WARM_UP_CYCLES):
                cycle(lifecycle)
            growth, begun = Growth(node.process.pid), time.monotonic()
            for done in range(1, cycles + 1):
                cycle(lifecycle)
                if done % max(1, cycles // 10) == 0:
                    memory_mb, threads, files = growth.figures()
                    seconds = (time.monotonic() - begun) / done
                    print(
                        f"{done:6} cycles after {WARM_UP_CYCLES}: {growth.memory_mb:.1f} {memory_mb:+.2f} MiB, "
                        f"{threads:+d} threads, {files:+d} files, {1e3 * seconds:.0f} ms a cycle", flush=True,
                    )  # fmt: skip
        finally:
            node.stop()


if __name__ == "__main__":
    main()
