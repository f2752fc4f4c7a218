"""A small crystal that is watched, stopped and continued from `r.237`, and what fixes say of themselves in such files."""

import struct

import numpy as np

from blocks import METAL

START = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\nvelocity all create 900 7\n"
)
AGAIN = METAL + "read_restart r.237\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
STREAM = (
    "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 4 virial yes\n"
    "fix s all dbar/stream 2 5 10 d store run.h5md snapshot every 4 monitor monitor.toml\n"
)
WINDOW = STREAM.replace("2 5 10", "5 5 50")  # step 237 lies inside the window 230 ... 250
MONITOR = "min_snapshots = 12\nlatent_dim = 3\n"


def record_in(data, style):
    """Where the record of the only fix of a style begins in a restart file, and its length in bytes."""
    mark = struct.pack("i", len(style) + 1) + style.encode() + b"\0"
    at = data.index(mark) + len(mark)
    return at + 4, struct.unpack_from("i", data, at)[0]


def rewritten(path, change, style="dbar/stream"):
    """Give the fix's record in a restart file another content: change(doubles) -> doubles."""
    data = path.read_bytes()
    at, size = record_in(data, style)
    old = np.frombuffer(data[at : at + size], float)
    new = np.asarray(change(old), float).tobytes()
    path.write_bytes(data[: at - 4] + struct.pack("i", len(new)) + new + data[at + size :])
