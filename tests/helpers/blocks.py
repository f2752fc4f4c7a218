"""Pieces of input scripts, and readers of what LAMMPS writes, shared by the tests of the styles."""

import numpy as np

# Voigt order of compute snap's last six rows, as indices into ours (xx yy zz xy xz yz)
SNAP_VOIGT = [0, 1, 2, 5, 4, 3]

# a small crystal of argon, without velocities
ARGON = """
units metal
lattice fcc 5.30
region box block 0 3 0 3 0 3
create_box 1 box
create_atoms 1 box
mass 1 39.95
pair_style lj/cut 6.5
pair_coeff 1 1 0.01032 3.405
timestep 0.004
"""

METAL = "units metal\natom_modify map array\n"

BOXES = {
    "orthogonal": "boundary p p p\nlattice fcc 4.05\nregion b block 0 3 0 3 0 4\ncreate_box 2 b\n"
    "create_atoms 1 box\n",
    "triclinic": "boundary p p p\nlattice fcc 4.05\nregion b prism 0 3 0 3 0 3 0.7 -0.4 0.9\n"
    "create_box 2 b\ncreate_atoms 1 box\n",
    "open": "boundary f f f\nlattice fcc 4.05\nregion b block 0 6 0 6 0 6\ncreate_box 2 b\n"
    "region s sphere 2.8 3.1 3.0 1.6\ncreate_atoms 1 region s\n",
}


def system(box="orthogonal", species=1, pair="zero 8.0", displace=0.25):
    """Displaced fcc aluminium with one or two species; `pair zero` gives only a cutoff."""
    text = METAL + BOXES[box]
    text += f"displace_atoms all random {displace} {displace} {displace} 4711\n"
    if species == 2:
        text += "set group all type/fraction 2 0.4 8123\n"
    text += "mass * 26.98\n"
    text += f"pair_style {pair}\npair_coeff * *\n"
    return text


def write_global(source, file, columns=1):
    """Write a global vector or array with 17 digits at every step of a run."""
    values = source if columns == 1 else " ".join(f"{source}[{c + 1}]" for c in range(columns))
    name = file.split(".")[0]
    return f'fix out_{name} all ave/time 1 1 1 {values} mode vector file {file} format " %.17g"\n'


def read_global(path):
    """Last block of a file written by `write_global`: array (rows, columns)."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    start = 0
    blocks = []
    while start < len(lines):
        rows = int(lines[start].split()[1])
        blocks.append(lines[start + 1 : start + 1 + rows])
        start += 1 + rows
    return np.array([[float(word) for word in line.split()[1:]] for line in blocks[-1]])


def run_dbar(lammps, script, np=1, virial=True, run="run 0\n", **kwargs):
    """Run a script that defines `compute d`; D (K+1,) and V (K+1,6) of the last step."""
    text = script + write_global("c_d", "D.txt")
    if virial:
        text += write_global("c_d", "V.txt", 6)
    done = lammps(text + run, np=np, **kwargs)
    D = read_global(done.folder / "D.txt")[:, 0]
    return D, read_global(done.folder / "V.txt") if virial else None


def read_dump(path):
    """{step: (lower corner, cell vectors as rows, columns after the id, sorted by id)} of a text dump."""
    frames, lines = {}, iter(path.read_text().splitlines())
    for line in lines:
        assert line == "ITEM: TIMESTEP"
        step = int(next(lines))
        next(lines)
        natoms = int(next(lines))
        tilted = "xy" in next(lines)
        bounds = np.array([[float(w) for w in next(lines).split()] for _ in range(3)])
        xy, xz, yz = bounds[:, 2] if tilted else (0.0, 0.0, 0.0)
        lo = bounds[:, 0] - [min(0, xy, xz, xy + xz), min(0, yz), 0]
        hi = bounds[:, 1] - [max(0, xy, xz, xy + xz), max(0, yz), 0]
        cell = np.array([[hi[0] - lo[0], 0, 0], [xy, hi[1] - lo[1], 0], [xz, yz, hi[2] - lo[2]]])
        next(lines)
        rows = np.array([[float(w) for w in next(lines).split()] for _ in range(natoms)])
        frames[step] = lo, cell, rows[rows[:, 0].argsort(), 1:]
    return frames


def assert_close(found, expected, rtol):
    """Relative to the largest value of each row: components that vanish by symmetry have no scale of their own."""
    scale = np.abs(expected).max(axis=-1, keepdims=True) if expected.ndim > 1 else np.abs(expected)
    scale = np.maximum(scale, 1e-6 * np.abs(expected).max())
    assert found.shape == expected.shape
    worst = (np.abs(found - expected) / scale).max()
    assert worst <= rtol, f"largest relative difference {worst:.3e}, allowed {rtol:.1e}"
