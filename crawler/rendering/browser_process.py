"""What a browser's processes cost, and how to be rid of them. The one module that imports psutil."""

import psutil


def process_tree(process_id: int) -> list[psutil.Process]:
    """The process and all below it; empty when it is gone."""
    try:
        root = psutil.Process(process_id)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def resident_bytes(process_id: int) -> int:
    """Memory of a process and all below it.

    What they share counts once where the system tells (Linux: proportional set size), else in each of them.
    """
    return sum(_resident(process) for process in process_tree(process_id))


def kill_tree(process_id: int) -> None:
    """Kill a process and all below it, at once. Those that are gone already are no fault."""
    for process in process_tree(process_id):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _resident(process: psutil.Process) -> int:
    try:
        try:
            return int(getattr(process.memory_full_info(), "pss", 0)) or process.memory_info().rss
        except psutil.AccessDenied:  # a sandboxed page, seen by anyone but root
            return process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
