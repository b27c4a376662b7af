"""Processes for the demo, the tests and the benchmark: segcap_node and its neighbours, started, watched and ended.

Every process ends with the one that started it, whatever ends that one.
"""

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from waiting import Patience

ROOT = Path(__file__).resolve().parent.parent
FASTDDS_PROFILE = ROOT / "config" / "fastdds.xml"

_END_WITH_PARENT = Path(__file__).with_name("end_with_parent.py")
_held_domain_locks = []


class ProcessError(Exception):
    """A process that is not there, did not start, or ended by itself; the text says why."""


def node_binary():
    """The segcap_node to run: $SEGCAP_NODE, the one that env.sh puts on PATH, or the release build.

    Raises ProcessError when there is none.
    """
    named = os.environ.get("SEGCAP_NODE")
    if named:
        if not os.access(named, os.X_OK):
            raise ProcessError(f"SEGCAP_NODE={named} is not a program")
        return Path(named)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for found in (target / "release" / "segcap_node", shutil.which("segcap_node")):
        if found and os.access(found, os.X_OK):
            return Path(found)
    raise ProcessError("segcap_node is not built yet: run `make build`")


def free_domain_id():
    """A ROS domain that nobody on this machine uses, held until this process ends."""
    domains = list(range(10, 101))
    random.shuffle(domains)
    for domain in domains:
        if _domain_in_use(domain):
            continue
        lock = open(Path(tempfile.gettempdir()) / f"segcap-domain-{domain}.lock", "w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _held_domain_locks.append(lock)
        return domain
    raise ProcessError("every ROS domain from 10 to 100 is in use on this machine")


def _domain_in_use(domain):
    """Whether a participant listens on the domain's discovery port (RTPS 2.5, 9.6.1.1: 7400 + 250 * domain)."""
    port = f":{7400 + 250 * domain:04X} "
    try:
        return port in Path("/proc/net/udp").read_text(encoding="ascii")
    except OSError:
        return False


def ros_environment(domain_id):
    """This environment with a ROS domain of its own that does not leave the machine, and room for large images."""
    environment = dict(os.environ)
    environment["ROS_DOMAIN_ID"] = str(domain_id)
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    if FASTDDS_PROFILE.exists():
        environment.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(FASTDDS_PROFILE))
    return environment


class Process:
    """A child process with its output in a log file."""

    def __init__(self, name, command, log_path, environment):
        self.name = name
        self.log_path = Path(log_path)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log_file = self.log_path.open("wb")
        # A session of its own: Ctrl-C reaches us first, and we end the children in order.
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", _END_WITH_PARENT, str(os.getpid()), *(str(part) for part in command)],
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )

    @property
    def pid(self):
        return self._child.pid

    @property
    def returncode(self):
        """The exit code, or None while it runs."""
        return self._child.poll()

    def check_alive(self):
        """Raises ProcessError with the last words of the process when it has ended."""
        if self.returncode is not None:
            raise ProcessError(f"{self.name} ended with code {self.returncode}; its last words:\n{self.last_lines()}")

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def last_lines(self, count=15):
        lines = self.log().splitlines()[-count:]
        return "\n".join(f"  | {line}" for line in lines) or "  | (nothing)"

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, timeout):
        """The exit code; raises subprocess.TimeoutExpired."""
        return self._child.wait(timeout)

    def stop(self, timeout=3.0):
        """Ends the process: politely, and after `timeout` seconds for certain. Returns the exit code."""
        if self.returncode is None:
            self.signal(signal.SIGINT)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._log_file.close()
        return self.returncode


def node_command(parameters=None, remappings=None, node_name=None, namespace=None, log_level=None):
    """The command line of segcap_node with ROS arguments."""
    arguments = []
    for name, value in (parameters or {}).items():
        arguments += ["-p", f"{name}:={_yaml_scalar(value)}"]
    for old, new in (remappings or {}).items():
        arguments += ["-r", f"{old}:={new}"]
    if node_name:
        arguments += ["-r", f"__node:={node_name}"]
    if namespace:
        arguments += ["-r", f"__ns:={namespace}"]
    if log_level:
        arguments += ["--log-level", log_level]
    command = [node_binary()]
    return command + ["--ros-args", *arguments] if arguments else command


def _yaml_scalar(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def cpu_seconds(pid):
    """User and system time that a process has used, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    """Memory that a process holds, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessError(f"no VmRSS for process {pid}")


def wait_until(condition, timeout, what, poll=0.02, alive=()):
    """Waits until `condition()` is true; raises ProcessError naming `what` after `timeout` seconds.

    `alive`: processes that must not end meanwhile.
    """
    patience = Patience(timeout)
    while not condition():
        for process in alive:
            process.check_alive()
        if patience.is_over():
            raise ProcessError(f"waited {timeout:.0f} s in vain for {what}")
        time.sleep(poll)
