"""The oracle: LAMMPS's own ``compute snap`` on one configuration."""

import subprocess

import numpy as np
import pytest

from harness import program

INPUT = """
units metal
atom_style atomic
boundary {boundary}
atom_modify map array
neighbor 0.3 bin
read_data data.lmp
pair_style zero {reach}
pair_coeff * *
mass * 1.0
compute s all snap {words}
fix f all ave/time 1 1 1 c_s[*] mode vector file snap.txt format " %.17g"
run 0
"""


def write_data(path, atoms, types, ntypes):
    (a, _, _), (b1, b2, _), (c1, c2, c3) = atoms.cell.array.tolist()
    lines = [
        "\n",
        f"{len(atoms)} atoms",
        f"{ntypes} atom types",
        f"0 {a!r} xlo xhi",
        f"0 {b2!r} ylo yhi",
        f"0 {c3!r} zlo zhi",
        f"{b1!r} {c1!r} {c2!r} xy xz yz",
        "\nAtoms\n",
    ]
    for k, (x, t) in enumerate(zip(atoms.positions.tolist(), types, strict=True)):
        lines.append(f"{k + 1} {t} {x[0]!r} {x[1]!r} {x[2]!r}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def compute_snap(tmp_path):
    """Return D (ntypes, K) and V (ntypes, K, 3, 3) of ``compute snap`` (cell lower triangular)."""

    def run(atoms, types, rcut, twojmax, radius, weight, rfac0=0.99363, **flags):
        numbers = [rcut, rfac0, twojmax, *radius, *weight]
        words = " ".join(repr(float(x)) if i != 2 else str(x) for i, x in enumerate(numbers))
        words += "".join(f" {key} {value}" for key, value in flags.items())
        write_data(tmp_path / "data.lmp", atoms, types, len(radius))
        boundary = " ".join("p" if p else "f" for p in atoms.pbc)
        text = INPUT.format(boundary=boundary, words=words, reach=2.2 * rcut * max(radius))
        (tmp_path / "in.snap").write_text(text)
        words = [*program(), "-in", "in.snap", "-nocite"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        table = np.loadtxt(tmp_path / "snap.txt", skiprows=4)[:, 1:-1]
        D = table[0].reshape(len(radius), -1)
        xx, yy, zz, yz, xz, xy = -table[-6:].reshape(6, len(radius), -1)
        V = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]).transpose(2, 3, 0, 1)
        return D, V

    return run
