#!/usr/bin/env python3
"""Exits with 0 if this interpreter fits segcap's set-up, else says what is missing."""

import os
import sys
import sysconfig

problems = []
if "--any-version" not in sys.argv and not (3, 10) <= sys.version_info[:2] <= (3, 13):
    problems.append("expected Python 3.10 to 3.13, found %d.%d" % sys.version_info[:2])
if not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
    problems.append("expected Python's headers (Debian, Ubuntu: python3-dev), found no Python.h")
for module in ("venv", "ensurepip"):
    try:
        __import__(module)
    except ImportError:
        problems.append("expected the module %s (Debian, Ubuntu: python3-venv), found none" % module)
for problem in problems:
    print("%s: %s" % (sys.executable, problem))
sys.exit(1 if problems else 0)
