"""A line that says how far a long loop is."""
import sys
import time


def shown(items, total, title):
    """Yields `items`; on a terminal one line that changes, elsewhere a line now and then."""
    began = told = time.monotonic()
    live = sys.stderr.isatty()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if live or now - told > 30:
            told = now
            left = (now - began) / done * (total - done)
            print(f"\r{title}: {done} of {total}, {left:.0f} s to go   ", end="" if live else "\n",
                  file=sys.stderr, flush=True)
    if live:
        print(f"\r{title}: {total} in {time.monotonic() - began:.0f} s" + " " * 20, file=sys.stderr)
