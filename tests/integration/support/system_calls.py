"""What a program asks of the system: which names it looks up, where it sends to, which files it writes.

It is watched through a library that is loaded before its own (system_calls.c, made with gcc), and through strace as well
where that is installed and allowed: strace also sees what the C library does inside.
"""

import ipaddress
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

import preload

# What a program under watch keeps of the environment. Not CI's variables: ONNX Runtime sends less where it sees them.
KEPT = re.compile(r"PATH$|^(AMENT|CMAKE|ROS|RMW|FASTRTPS|FASTDDS)_|^(ORT_DYLIB_PATH|VIRTUAL_ENV|SEGCAP_NODE|SEGCAP_BUNDLE|LANG)$")
LOGS_ELSEWHERE = {"ROS_LOG_DIR", "ROS_HOME"}
# Read to look up a name.
NAME_FILES = {"/etc/hosts", "/etc/resolv.conf"}
# Shared memory of Fast DDS with its locks, and the page with which LTTng, a part of ROS 2's tracing, is woken.
SHARED_MEMORY = re.compile(r"/dev/shm/(fastrtps_|fastdds_|sem\.|lttng-ust-wait-)[\w.-]+")

STRACE = ["strace", "-D", "-f", "-qq", "-s", "512", "-e", "trace=%file,%network", "-e", "signal=none"]
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")
ADDRESS = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
ADDRESS_6 = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"')
SENDS = {"connect", "sendto", "sendmsg", "sendmmsg"}
OPENS = {"open", "openat", "openat2"}
CHANGES = {"creat", "mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "symlink", "symlinkat"}
CHANGES |= {"link", "linkat", "mknod", "mknodat", "truncate"}


@dataclass(frozen=True)
class Call:
    """`what`: lookup NAME, send "ADDRESS PORT", read PATH or write PATH."""

    what: str
    detail: str


class Watch:
    """Runs one program with an empty HOME in `folder` and knows what it did."""

    def __init__(self, folder):
        self.home, self.calls_file, self.strace_file = folder / "home", folder / "calls", folder / "strace"
        self.home.mkdir()
        self.calls_file.touch()
        self.library = preload.build("system_calls", folder)
        self.with_strace = strace_works()

    def command(self, command):
        """The command line of the program under watch; its process has the program's id."""
        variables = [f"LD_PRELOAD={self.library}", f"SEGCAP_SYSTEM_CALLS={self.calls_file}"]
        if not self.with_strace:
            return ["env", *variables, *command]
        return [*STRACE, "-o", self.strace_file, *(part for variable in variables for part in ("-E", variable)), *command]

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if KEPT.search(name) and name not in LOGS_ELSEWHERE}
        return kept | {"HOME": str(self.home)}

    def calls(self):
        """Every Call that was seen."""
        seen = {Call(*line.split(" ", 1)) for line in lines(self.calls_file)}
        if self.with_strace:
            seen |= {call for line in lines(self.strace_file) for call in calls_of_strace(line)}
        return seen

    def unexpected(self):
        """What no program of segcap's has a reason to do, as sorted texts."""
        return sorted(f"{call.what} {call.detail}" for call in self.calls() if not self.is_expected(call))

    def is_expected(self, call):
        """Whether it looks up no name, sends to this machine alone, and writes logs and shared memory alone."""
        if call.what == "read":
            return call.detail not in NAME_FILES
        if call.what == "send":
            address, port = call.detail.split(" ")
            return ipaddress.ip_address(address).is_loopback and port != "53"
        return call.what == "write" and self.may_write(call.detail)

    def may_write(self, path):
        logs = self.home / ".ros" / "log"
        own = {str(self.calls_file), "/dev/null", str(logs.parent), str(logs)}
        return path in own or path.startswith(f"{logs}/") or SHARED_MEMORY.fullmatch(path) is not None

    def files(self):
        """What lies below HOME, sorted."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if not path.is_dir())


def lines(path):
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def strace_works():
    """Whether strace is installed and may watch a process."""
    if shutil.which("strace") is None:
        return False
    probe = subprocess.run([*STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False)
    return probe.returncode == 0 and not probe.stderr


def calls_of_strace(line):
    """The Calls in one line of strace's output."""
    match = CALL.match(line)
    if not match:
        return
    name, arguments = match.groups()
    paths = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
    if name in SENDS:
        for port, address in ADDRESS.findall(arguments) + ADDRESS_6.findall(arguments):
            yield Call("send", f"{address} {port}")
    elif name in OPENS and paths:
        writes = re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", arguments)
        yield Call("write" if writes else "read", paths[0])
    elif name in CHANGES and paths:
        yield Call("write", paths[-1])
