"""The process in which HDF5 files are opened first; `examiner` starts it and says what for."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py

from dbar.files.kinds import kind_in
from dbar.files.unfinished import open_file

__all__ = ["main"]

_WHOLE = 1 << 20  # bytes of a dataset that is read in whole
_NO_RISK = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_OF_MEMORY = re.compile("memory allocation|(?i:not enough memory|unable to allocate)")


def main(idle: float) -> None:
    """Answer requests, lines of JSON, until nobody has asked for so many seconds."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    mapped = 0
    with contextlib.suppress(OSError), open("/proc/self/statm") as statm:
        mapped = int(statm.readline().split()[0]) * resource.getpagesize()
    while select.select([sys.stdin], [], [], idle)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        request = json.loads(line)
        with contextlib.suppress(OSError, ValueError):  # a lower limit is there already
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            seconds = int(time.process_time()) + 1 + request["limit"]
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))
            if mapped:
                memory = mapped + request["memory"]
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        answer = {"kind": _kind, "damage": _damage}[request["what"]](Path(request["path"]))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _kind(path: Path) -> str:
    """Name of the kind of a file, "" if it is none of ours."""
    try:
        found = kind_in(path)
    except Exception:  # nobody can tell what it was
        return ""
    return found.name if found else ""


def _damage(path: Path) -> str:
    """Why a file is not to be opened elsewhere, "" if it may be."""
    looking = _Looking()
    file = looking.tried(open_file, path)
    if file is not None:
        looking.at_all(file["/"])
    return "HDF5 asks for gigabytes to look at it" if looking.greedy else ""


class _Looking:
    """Touch everything in a file that a reader may touch.

    Numbers in large arrays are excepted, as HDF5 hands them on as they are. What HDF5 itself calls
    damaged is passed over.
    """

    def __init__(self) -> None:
        self.greedy = False

    def tried(self, what: Callable, *args: object, **words: object) -> object:
        """What a function gives, None where it fails."""
        try:
            return what(*args, **words)
        except MemoryError:
            self.greedy = True
        except Exception as error:
            self.greedy |= bool(_OF_MEMORY.search(str(error)))
        return None

    def at_all(self, root: h5py.Group) -> None:
        """A group and all that is in it; nothing of another file is opened."""
        groups, seen = [root], {root.id}
        while groups:
            group = groups.pop()
            self._at_attributes(group)
            for name in self.tried(list, group) or ():
                link = self.tried(group.get, name, getlink=True)
                item = self.tried(group.get, name) if isinstance(link, h5py.HardLink) else None
                if item is None or item.id in seen:
                    continue
                seen.add(item.id)
                if isinstance(item, h5py.Group):
                    groups.append(item)
                    continue
                self._at_attributes(item)
                if isinstance(item, h5py.Dataset):
                    self.tried(self._at_values, item)

    def _at_attributes(self, item: h5py.HLObject) -> None:
        for key in self.tried(list, item.attrs) or ():
            self.tried(item.attrs.__getitem__, key)

    def _at_values(self, item: h5py.Dataset) -> None:
        """Read a dataset, of a large one the index of its chunks and both ends."""
        if item.is_virtual or item.external:
            return
        if item.dtype.itemsize * (item.size or 0) <= _WHOLE:
            self.tried(item.__getitem__, ())
            return
        self.tried(item.__getitem__, (0,) * item.ndim)
        self.tried(item.__getitem__, tuple(n - 1 for n in item.shape))
        if item.chunks is None:
            return
        self.tried(item.id.chunk_iter, lambda _: None)
        filters = item.id.get_create_plist()
        if {filters.get_filter(k)[0] for k in range(filters.get_nfilters())} - _NO_RISK:
            for part in item.iter_chunks():
                self.tried(item.__getitem__, part)
