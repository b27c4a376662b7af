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

from growth import Held
from processes import ROOT

WARM_UP_CYCLES = 50


def cycle(lifecycle):
    lifecycle.lead("configure", "activate", "deactivate", "cleanup")


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
            first, begun = Held(node.process.pid), time.monotonic()
            for done in range(1, cycles + 1):
                cycle(lifecycle)
                if done % max(1, cycles // 10) == 0:
                    memory_mb, threads, files = Held(node.process.pid).more_than(first)
                    seconds = (time.monotonic() - begun) / done
                    print(
                        f"{done:6} cycles after {WARM_UP_CYCLES}: {first.memory_mb:.1f} {memory_mb:+.2f} MiB, "
                        f"{threads:+d} threads, {files:+d} files, {1e3 * seconds:.0f} ms a cycle", flush=True,
                    )  # fmt: skip
        finally:
            node.stop()


if __name__ == "__main__":
    main()
