"""Systems, CV files and readers that the tests of fix dbar/plumed share."""

import json
from functools import partial

import numpy as np

from blocks import run_dbar, system
from harness import run_lammps

RCUT, TWOJMAX = 4.7, 4

EAM = (
    "units metal\natom_modify map array\nboundary p p p\nlattice fcc 4.05\n"
    "region b block 0 3 0 3 0 3\ncreate_box 1 b\ncreate_atoms 1 box\nmass 1 26.98\n"
    "pair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
)

WARM = "displace_atoms all random 0.1 0.1 0.1 77\n"
SPRING = "UNITS ENERGY=eV\ns: EXTRACV NAME=order\nr: RESTRAINT ARG=s AT=2 KAPPA=2\n"


def words(ntypes):
    """The canonical settings of `compute d all dbar bso4 4.7 twojmax 4`."""
    return {
        "twojmax": str(TWOJMAX),
        "rfac0": "0.99363",
        "rmin0": "0",
        "switch": "yes",
        "bzero": "no",
        "diagonal": "no",
        "radius": " ".join(["0.5"] * ntypes),
        "weight": " ".join(["1"] * ntypes),
    }


def cv(name, matrix, ntypes=1, perspecies=False, units="metal", form="linear", **keys):
    """A CV file as a dict."""
    descriptor = {"family": "bso4", "rcut": RCUT, "words": words(ntypes)}
    return {
        "schema": "dbar-cv/1",
        "name": name,
        "lammps_units": units,
        "descriptor": descriptor | {"ntypes": ntypes, "perspecies": perspecies},
        "per_atom": False,
        "matrix": np.atleast_2d(matrix).tolist(),
        "form": form,
        **keys,
    }


def write(folder, *cvs):
    """Write CV files as NAME.json; the words for the keyword cv."""
    for one in cvs:
        (folder / f"{one['name']}.json").write_text(json.dumps(one))
    return "cv " + " ".join(f"{one['name']}.json" for one in cvs)


def forms(D, **keys):
    """One CV of each form, with random coefficients (seed 5) that make values of order 1 at D."""
    random = np.random.default_rng(5)

    def rows(m, x):
        scaled = random.normal(size=(m, len(D))) / np.maximum(np.abs(x), 1e-6 * np.abs(x).max())
        scaled[:, 0] = random.normal(size=m) / x[0]
        return scaled

    offset = random.normal(size=3).tolist()
    per_atom = {"per_atom": True}
    return [
        cv("plain", rows(1, D), **keys),
        cv("mean", rows(1, D / D[0]), offset=[0.3], scale=-2.0, shift=0.7, **per_atom, **keys),
        cv("length", rows(3, D), form="norm", offset=offset, **keys),
        cv("square", rows(3, D / D[0]), form="quadratic", offset=offset, **per_atom, **keys),
        cv("bounded", rows(2, D), form="norm", tanh={"centre": 1.0, "width": 3.0}, **keys),
    ]


def value(one, D):
    """The CV by numpy: the formula of the page, independent of the C++."""
    x = D / D[0] if one["per_atom"] else D
    u = np.array(one["matrix"]) @ x + np.array(one.get("offset", 0.0))
    q = {"linear": u[0], "norm": np.linalg.norm(u), "quadratic": u @ u}[one["form"]]
    s = one.get("scale", 1.0) * q + one.get("shift", 0.0)
    squash = one.get("tanh")
    return np.tanh((s - squash["centre"]) / squash["width"]) if squash else s


def compute(group="all", perspecies="no"):
    return f"compute d {group} dbar bso4 {RCUT} twojmax {TWOJMAX} perspecies {perspecies}\n"


def order_cv(folder):
    """A CV per atom that is 0 in the perfect crystal at 0 K, of order 1 in the warm one."""
    runs = (EAM + text + compute() for text in ("", WARM))
    cold, hot = (run_dbar(partial(run_lammps, folder), text, virial=False)[0] for text in runs)
    row = (hot - cold) / hot[0]
    row /= row @ row
    return cv("order", row, per_atom=True, offset=[-float(row @ cold / cold[0])])


def sums(lammps, box, species=1, group="all", perspecies="no", extra="", **kwargs):
    """D of a system of `blocks.system`."""
    script = system(box, species=species) + extra + compute(group, perspecies)
    return run_dbar(lammps, script, virial=False, **kwargs)[0]


def printed(done, word):
    """Numbers of the lines `WORD a b c ...` of the screen, one row each."""
    lines = [line.split()[1:] for line in done.output.splitlines() if line.startswith(word + " ")]
    return np.array([[float(x) for x in line] for line in lines])


def table(path):
    """Numbers of a PLUMED file."""
    lines = [x.split() for x in path.read_text().splitlines() if x and not x.startswith("#")]
    return np.array([[float(x) for x in line] for line in lines])
