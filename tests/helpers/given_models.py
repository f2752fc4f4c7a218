"""Model files of the process of `h5md_ensembles`, and the settings of a stream that they fit."""

from threadpoolctl import threadpool_limits

from dbar.cli import main
from h5md_ensembles import DESCRIPTOR, DTAU, SIZE, run, write_runs
from streams import settings

PARAMETERS = {
    "units": "metal", "descriptor": DESCRIPTOR, "dt": DTAU / 100, "nevery": 5, "nrepeat": 5,
    "nfreq": 100, "masses": [26.98],
}  # fmt: skip


def make_model(
    folder, name="model.h5", runs=6, options=("--order", "1", "--dimension", "3"), n=150
):
    """A model file of so many runs, 100 atoms and more; returns its path as a string."""
    files = write_runs(folder, runs, n, parameters=PARAMETERS)
    out = str(folder / name)
    with threadpool_limits(1):
        assert main(["fit", *files, "-o", out, *options]) == 0
    return out


def watching(thermo=("pe", "press"), **changes):
    """Settings of a stream of the same process."""
    return settings(
        descriptor=DESCRIPTOR, size=SIZE + 1, virial=False, dt=DTAU / 100, natoms=100,
        thermo=list(thermo), masses=[26.98], **changes,
    )  # fmt: skip


def rows(seed, n=150, atoms=100):
    """step, time, D, V, thermo of snapshots."""
    traj, _ = run(seed, n, atoms)
    values = zip(traj.observables["pe"], traj.observables["press"], strict=True)
    return [
        (int(step), float(time), D, None, pair)
        for step, time, D, pair in zip(traj.step, traj.time, traj.D, values, strict=True)
    ]
