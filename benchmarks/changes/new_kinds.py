"""LAMMPS inputs of four more kinds of run in which something happens; rules for their windows stand in `windows.py`.

    python benchmarks/changes/new_kinds.py KIND SEED FOLDER
    cd FOLDER && LAMMPS_POTENTIALS=... lmp -in in.run && touch done

cu-void    copper at 300 K, stretched in all three directions at 0.006/ps until it tears: a void opens at once, after a ramp that
           goes far into the nonlinear range
al-touch   an aluminium film at 300 K, above which a ball comes down at 1 A/ps and touches its surface: nothing is done to the atoms
           before, and what happens then happens to few of them
cu-press   copper at 300 K whose barostat is set from 0 to 1 GPa at snapshot 120: small and lasting
al-shear   aluminium at 300 K, sheared at 0.005/ps along x on its (010) planes until it slips

The first two were made before the scheme of the monitor was fixed first, the last two after levels came in.
"""

import argparse
from pathlib import Path

WATCH = """compute d all dbar bso4 {cutoff} twojmax 8
compute cna all cna/atom {cna}
variable fcc atom "c_cna == 1"
compute fcc all reduce sum v_fcc
variable frac equal c_fcc/atoms
fix watch all dbar/stream 5 5 50 d store run.h5md thermo {count} {observables} monitor none
thermo 500
"""
OBSERVABLES = "temp pe press vol pxx pxy v_frac"
CRYSTAL = """units metal
atom_modify map array
boundary p p {z}
lattice fcc {lattice}
region all block 0 {n[0]} 0 {n[1]} 0 {n[2]}
region box block 0 {n[0]} 0 {n[1]} {low} {high}
create_box 1 box
create_atoms 1 region all
mass 1 {mass}
pair_style {style}
pair_coeff * * {file}
timestep 0.002
"""


def watch(cutoff, cna, more=""):
    """Snapshots every 0.1 ps with their observables."""
    names = f"{OBSERVABLES} {more}".split()
    return WATCH.format(cutoff=cutoff, cna=cna, count=len(names), observables=" ".join(names))


COPPER = CRYSTAL.format(
    z="p", lattice=3.64, n=(6, 6, 6), low=0, high=6, mass=63.546, style="eam/alloy",
    file="Cu_mishin1.eam.alloy Cu",
)  # fmt: skip


def cu_void(seed):
    """864 atoms; rest up to snapshot 49, pulled from 50 on."""
    return (
        f"{COPPER}velocity all create 600 {seed}\nfix m all npt temp 300 300 0.2 iso 0 0 1.0\n"
        f"run 2000\nreset_timestep 0\n{watch(4.3, 3.11)}run 2500\nunfix m\n"
        "fix m all nvt temp 300 300 0.2\nfix pull all deform 1 x erate 0.006 y erate 0.006 z erate 0.006\n"
        "run 11000\n"
    )


def al_touch(seed):
    """1,152 atoms, 2 layers held; the ball of 20 A starts 8 A above the highest layer and rests up to snapshot 49."""
    crystal = CRYSTAL.format(
        z="f", lattice=4.05, n=(8, 6, 6), low=-1, high=16, mass=26.98, style="eam/fs",
        file="Al_mm.eam.fs Al",
    )  # fmt: skip
    return (
        f"{crystal}region low block INF INF INF INF -1 0.75\ngroup held region low\n"
        f"group free subtract all held\nvelocity free create 600 {seed}\nfix m free nvt temp 300 300 0.2\n"
        "run 3000\nreset_timestep 0\n"
        "variable top equal 22.3\nvariable z equal v_top+28-0.002*(step-2500)*(step>2500)\n"
        "fix ball all indent 10 sphere 16.2 12.15 v_z 20 units box\nvariable force equal f_ball[3]\n"
        f"{watch(4.7, 3.46, 'v_force')}run 10000\n"
    )


def cu_press(seed):
    """864 atoms; the barostat is set anew after snapshot 119."""
    hold = "fix m all npt temp 300 300 0.2 iso {p} {p} 1.0\n"
    return (
        f"{COPPER}velocity all create 600 {seed}\n{hold.format(p=0)}run 2000\nreset_timestep 0\n"
        f"{watch(4.3, 3.11)}run 6000\nunfix m\n{hold.format(p=10000)}run 4000\n"
    )


def al_shear(seed):
    """864 atoms; rest up to snapshot 49, sheared from 50 on."""
    crystal = CRYSTAL.format(
        z="p", lattice=4.05, n=(6, 6, 6), low=0, high=6, mass=26.98, style="eam/fs",
        file="Al_mm.eam.fs Al",
    ).replace("create_box 1 box\n", "create_box 1 box\nchange_box all triclinic\n")  # fmt: skip
    return (
        f"{crystal}velocity all create 600 {seed}\nfix m all npt temp 300 300 0.2 iso 0 0 1.0\n"
        f"run 2000\nreset_timestep 0\n{watch(4.7, 3.46)}run 2500\nunfix m\n"
        "fix m all nvt temp 300 300 0.2\nfix shear all deform 1 xy erate 0.005 remap x\nrun 20000\n"
    )


KINDS = {"cu-void": cu_void, "al-touch": al_touch, "cu-press": cu_press, "al-shear": al_shear}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("seed", type=int)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    (args.folder / "in.run").write_text(KINDS[args.kind](args.seed))


if __name__ == "__main__":
    main()
