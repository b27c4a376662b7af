#!/usr/bin/env python3
"""Prints a ROS domain ID whose ports nobody on this machine listens to.

DDS-RTPS 9.6.1: participant 0 of domain d takes the UDP ports 7410 + 250 d and 7411 + 250 d. The domains 1 to 100 keep
clear of Linux's ephemeral ports.
"""

import random
import socket
import sys


def is_free(domain: int) -> bool:
    for port in (7410 + 250 * domain, 7411 + 250 * domain):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


def main() -> int:
    for domain in random.sample(range(1, 101), 100):
        if is_free(domain):
            print(domain)
            return 0
    print("expected a free ROS domain among 1 to 100, found none", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
