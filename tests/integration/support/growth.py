"""Whether a process grows with what it does, round by round. The allocator keeps and returns some megabytes as it likes."""

from itertools import combinations
from pathlib import Path
from statistics import median

from processes import resident_mb


class Held:
    """What a process holds now."""

    def __init__(self, pid):
        count = lambda kind: sum(1 for _ in Path(f"/proc/{pid}/{kind}").iterdir())  # noqa: E731
        self.memory_mb, self.threads, self.files = resident_mb(pid), count("task"), count("fd")

    def more_than(self, other):
        """(MiB, threads, files)"""
        return self.memory_mb - other.memory_mb, self.threads - other.threads, self.files - other.files

    def __str__(self):
        return f"{self.memory_mb:.1f} MiB, {self.threads} threads, {self.files} files"


def slope(values):
    """By how much the values grow from one to the next: the median over all pairs (Theil-Sen), whatever one of them does."""
    return median((later - earlier) / (j - i) for (i, earlier), (j, later) in combinations(enumerate(values), 2))


def check_growth(pid, act, most_mb, rounds=4):
    """Runs `act` once to warm up and then in rounds, in which memory grows by no more than this, threads and files by none."""
    act()
    held = [Held(pid)]
    for _ in range(rounds):
        act()
        held.append(Held(pid))
    told = "; ".join(map(str, held))
    print(f"after each round: {told}")
    assert slope([one.memory_mb for one in held]) <= most_mb, told
    assert slope([one.threads for one in held]) < 1 and slope([one.files for one in held]) < 1, told
