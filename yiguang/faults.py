"""Troubles of the machine in one clear line, where a traceback would tell an operator nothing."""

from domain.system_words import OF_MACHINES

_AGAIN = "已完成的部分不受影响，排除后再次运行即可"


def in_words(fault: BaseException) -> str | None:
    """Chinese for a fault of disk, memory or database, or for what was caused by one; None for any other."""
    seen: BaseException | None = fault
    while seen is not None:
        if said := _said(seen):
            return f"{said}；{_AGAIN}"
        seen = seen.__cause__
    return None


def of_a_silent_database(seconds: float) -> str:
    """Chinese for a database that accepts everything and has said nothing for so long."""
    return f"数据库无法使用：{seconds:.0f} 秒没有回答；{_AGAIN}"


def _said(fault: BaseException) -> str | None:
    if isinstance(fault, OSError) and fault.errno in OF_MACHINES:
        place = f"（{fault.filename}）" if fault.filename else ""
        return f"{OF_MACHINES[fault.errno]}{place}"
    if isinstance(fault, MemoryError):
        return "内存不足"
    # By its name: importing the library takes longer than most commands, and whoever met this has imported it
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(fault).__mro__}
    if names & {"sqlalchemy.exc.OperationalError", "sqlalchemy.exc.InterfaceError"}:
        return f"数据库无法使用：{str(fault).splitlines()[0]}"
    return None
