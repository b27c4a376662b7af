"""Whether a process grows with what it does. A leak adds to its memory in every round; noise of the allocator does not."""

from pathlib import Path

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


def check_growth(pid, act, most_mb, rounds=4):
    """Runs `act` once to warm up and then in rounds: in two of them memory must grow by no more than this.

    Threads and files must not grow at all in two.
    """
    act()
    held = [Held(pid)]
    for _ in range(rounds):
        act()
        held.append(Held(pid))
    told = "; ".join(map(str, held))
    print(f"after each round: {told}")
    growth = [after.more_than(before) for before, after in zip(held, held[1:])]
    for of_rounds, most in zip(zip(*growth), (most_mb, 0, 0)):
        assert sorted(of_rounds)[1] <= most, told
