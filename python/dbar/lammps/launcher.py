"""A program that becomes another one, which ends when the process that started it has ended.

``python launcher.py PARENT COMMAND ...``, started by `dbar.lammps.processes.start`. What has to be
said to the kernel is said here, in a process of its own: after the fork of a program with threads
nothing but exec is safe. Linux; standard library only.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program of the command line."""
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it had ended before
        sys.exit(1)
    # Python ignores SIGPIPE and SIGXFSZ, a shell those from the keyboard for what it runs in the
    # background; what this becomes would inherit it
    for name in ("SIGPIPE", "SIGXFSZ", "SIGINT", "SIGQUIT"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
