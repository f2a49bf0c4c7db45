"""Runs one command to its end and writes what the operating system charged it for.

    python measure.py REPORT.json TIMEOUT_SECONDS COMMAND [ARGUMENT...]

The report has user and system CPU seconds, wall seconds, the peak resident set in KiB and the exit status. They come from
wait4 for this very child, all its threads and the children it waited for included; Node has no call for that.
"""
import json
import os
import signal
import subprocess
import sys
import time

report, timeout, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
started = time.monotonic()
child = subprocess.Popen(command, start_new_session=True)
signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
signal.signal(signal.SIGTERM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
signal.setitimer(signal.ITIMER_REAL, timeout)
_, status, usage = os.wait4(child.pid, 0)
signal.setitimer(signal.ITIMER_REAL, 0)
with open(report, "w", encoding="utf-8") as file:
    json.dump(
        {
            "user": usage.ru_utime,
            "system": usage.ru_stime,
            "wall": time.monotonic() - started,
            # Linux counts in KiB, macOS in bytes.
            "peakKib": usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1),
            "status": os.waitstatus_to_exitcode(status),
        },
        file,
    )
