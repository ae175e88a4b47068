"""Runs a program of Postgres as a user that Postgres accepts: it refuses to run as root.

Executed in a process of its own (`python -I privileges.py ...`) that changes its user and then becomes the program, so
that the caller, which may have threads, never runs code of ours between fork and exec. An ordinary user stays who they
are. Root becomes the owner of the data folder: `nobody`, or whoever made the folder before.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

# From linux/capability.h, linux/prctl.h and linux/securebits.h.
CAPABILITY_VERSION = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Set(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def give(path: Path) -> None:
    """As root, hand a file or folder of the server to the user it will run as; otherwise do nothing."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def command(data: Path, argv: list[str], *, detach: bool = False) -> list[str]:
    """The command that runs `argv` as the owner of `data`; with `detach` it returns at once and leaves it running."""
    return [sys.executable, "-I", "-S", __file__, "detach" if detach else "wait", str(data), *argv]


def main() -> None:
    mode, data, *argv = sys.argv[1:]
    if mode == "detach":
        if os.fork():
            os._exit(0)
        os.setsid()
    if os.geteuid() == 0:
        try:
            _become_owner(data, argv[0])
        except OSError as error:
            sys.exit(
                f"Postgres does not run as root, and this root cannot start {argv[0]} as another user ({error}). "
                "Run as an ordinary user, or put the checkout into a folder that every user may enter."
            )
    os.execv(argv[0], argv)  # noqa: S606 - that is what this file is for


def _become_owner(data: str, program: str) -> None:
    owner = os.stat(data)
    if owner.st_uid == 0:
        raise PermissionError(f"{data} belongs to root")
    os.setgroups([])
    reachable = _reachable(owner, (data, program))
    if not reachable:
        _keep_capabilities_over_setuid()
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    if not reachable:
        _keep_only_reach_over_exec()


def _reachable(owner: os.stat_result, paths: tuple[str, ...]) -> bool:
    """Whether the owner gets to the paths: a folder above them (/root, say) may be closed to everybody else."""
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        for path in paths:
            os.stat(path)
    except PermissionError:
        return False
    finally:
        os.seteuid(0)
        os.setegid(0)
    return True


def _keep_capabilities_over_setuid() -> None:
    # Not the weaker PR_SET_KEEPCAPS: access(2), by which Postgres looks for its own programs, ignores the capabilities
    # of a process that is not root unless this bit is set.
    _libc("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)


def _keep_only_reach_over_exec() -> None:
    """Give up every capability but one, which lets the program pass closed folders.

    Reading everywhere is enough; a container's root often lacks it and holds only the wider DAC_OVERRIDE.
    """
    header = _Header(CAPABILITY_VERSION, 0)
    held = (_Set * 2)()
    _libc("capget", ctypes.byref(header), held)
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        bit = 1 << capability
        if held[0].permitted & bit:
            _libc("capset", ctypes.byref(header), (_Set * 2)(_Set(bit, bit, bit), _Set(0, 0, 0)))
            _libc("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
    raise PermissionError("neither CAP_DAC_READ_SEARCH nor CAP_DAC_OVERRIDE is held")


def _libc(function: str, *arguments: object) -> None:
    if sys.platform != "linux":
        raise PermissionError("a folder above the checkout is closed to other users")
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
