"""Runs a program and writes how it went: measured.py FD PROGRAM ARG….

A process that is forked inherits the peak of memory of the one that forks it. So this small one, and
not the benchmark itself, starts what is measured; its own peak is the least that can be told.
"""

import ctypes
import os
import re
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main() -> int:
    report, argv = int(sys.argv[1]), sys.argv[2:]
    os.set_inheritable(report, False)
    libc = ctypes.CDLL(None)
    # Not what getrusage says: that is inherited too.
    least = int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            os.execvp(argv[0], argv)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    told = (seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, least * 1024,
            os.waitstatus_to_exitcode(status))  # fmt: skip
    os.write(report, " ".join(map(str, told)).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
