"""Learn a variable from crystal and melt, bias it with PLUMED, and take the bias out again."""

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from ensemble import Example, main, run, write_text  # noqa: E402
from learn import learn  # noqa: E402

# odd seeds start from the crystal, even seeds from the melt
EXAMPLE = Example(
    folder=HERE,
    figures="metad_figures",
    script="in.metad-al",
    replicas=4,
    snapshots=900,
    variables={"variable": "yes", "steps": 450_000, "every": 500},
    small_replicas=2,
    small_snapshots=12,
    small={"steps": 6_000},
    least=2,
)
TRAINING = {"replicas": 8, "steps": 5000, "every": 20}
TRAINING_SMALL = {"replicas": 4, "steps": 1000, "every": 10}

METAD = """\
UNITS ENERGY=eV
s: EXTRACV NAME=order
m: METAD ARG=s PACE=250 SIGMA={sigma:.3f} HEIGHT=0.02 BIASFACTOR=6 FILE=HILLS
PRINT ARG=s,m.bias FILE=COLVAR STRIDE=25
"""
FREE = """\
s: EXTRACV NAME=order
PRINT ARG=s FILE=COLVAR STRIDE=25
"""


def prepare(base, replicas, args, console):
    """Training runs, the variable, PLUMED's inputs, and runs without bias to compare with."""
    setting = TRAINING_SMALL if args.small else TRAINING
    train = base / "train"

    def stage(what, folder, count, variables):
        console.print(what)
        folder.mkdir(parents=True, exist_ok=True)
        total = variables["steps"] // variables["every"]
        return run(EXAMPLE, folder, count, variables, total, args.jobs, args.np, console)

    variables = {name: setting[name] for name in ("steps", "every")}
    folders = stage("training runs", train, setting["replicas"], variables)
    cv, spread = learn(folders)
    cv.export(train / "order.json")
    write_text(train / "metad.dat", METAD.format(sigma=spread))
    write_text(train / "free.dat", FREE)
    # a variable that LAMMPS does not use: runs with another variable are not mixed with these
    made = b"".join((train / name).read_bytes() for name in ("order.json", "metad.dat"))
    files = {"cv": "../../train/order.json", "inputs": hashlib.sha256(made).hexdigest()[:16]}
    wanted = EXAMPLE.variables | (EXAMPLE.small if args.small else {})
    stage(
        "runs without bias", base / "free", replicas,
        wanted | files | {"plumed": "../../train/free.dat"},
    )  # fmt: skip
    console.print("metadynamics")
    return files | {"plumed": "../../train/metad.dat"}


if __name__ == "__main__":
    sys.exit(main(EXAMPLE, prepare=prepare))
