"""How long were the processors busy? All of the machine's together, whoever kept them so. Linux only."""

import os
from pathlib import Path

_STAT = Path("/proc/stat")


def busy_seconds() -> float:
    """Seconds since boot in which a core did something, summed over the cores; NaN where nobody counts them.

    Source: the first line of /proc/stat, proc(5). The guests' time is within user and nice already; what the
    host took (steal) is no work of ours.
    """
    if not _STAT.exists():
        return float("nan")
    ticks = [int(one) for one in _STAT.read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = ticks[:7]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
