"""CPU time, which tells what a request costs even on a machine where others are at work."""

import resource
from collections.abc import Iterable

import psutil


def of_processes(pids: Iterable[int]) -> float:
    """Seconds that these processes and all their descendants have used, those that have ended included."""
    return sum(_of_family(pid) for pid in pids)


def of_this_process() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def of_ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_machine() -> float:
    """Seconds that all processes together have used, and those that a hypervisor took away."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + getattr(times, "steal", 0.0))


def _of_family(pid: int) -> float:
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_of_one(process) for process in family)


def _of_one(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
