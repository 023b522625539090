"""What the system says of files and addresses, in Chinese."""

import errno
import socket

#: Troubles of the machine, which an operator can do something about.
OF_MACHINES = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EFBIG: "文件大小已达系统限制",
    errno.EROFS: "磁盘是只读的",
    errno.EACCES: "没有权限",
    errno.EIO: "磁盘读写出错",
    errno.EMFILE: "打开的文件过多",
}
#: Those, and what a person meets by a slip of the hand.
OF_FILES = OF_MACHINES | {
    errno.ENOENT: "没有这个文件或目录",
    errno.EISDIR: "是目录，不是文件",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EEXIST: "已有同名的文件或目录",
    errno.EPERM: "不允许的操作",
    errno.ENAMETOOLONG: "文件名太长",
}
_KNOWN = OF_FILES | {
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
    socket.EAI_NONAME: "没有这个主机名",
}


def file_fault(fault: OSError) -> str:
    """In the system's own words for what the list does not have."""
    return _KNOWN.get(fault.errno or 0, fault.strerror or str(fault))
