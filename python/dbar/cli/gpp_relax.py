"""``dbar gpp relax``: lattice constants, free energies and positions at temperature."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from dbar.cli.gpp_relax_output import table_of
from dbar.console.options import (
    Parser,
    add_json,
    between,
    fail,
    number,
    print_json,
    progress_bars,
    refuse_given,
    same_file,
)

__all__ = ["add", "run"]

_ABOUT = """\
Relax what an atom is at temperature: a Gaussian about a mean position, with a variance s in each
direction (Å^2). With --lattice it is a perfect crystal, and lattice constant, energy, free energy
and entropy come for each temperature. With a file of any configuration (a vacancy, a slab, a grain
boundary) its mean positions and variances are relaxed, and the cell if --cell says so.

POTENTIAL is cu-efs (copper that comes with dbar), a table of eam/alloy or eam/fs, or a JSON file of
schema dbar-efs/1. It takes seconds where molecular dynamics takes hours, and leaves out that
neighbours move together: variances are a third too small, free energies a little too high.
--correlated adds that, harmonically."""

_EXAMPLE = """\
examples:
  how copper expands:
    dbar gpp relax cu-efs --lattice fcc --temperature 100 300 500 800
  under pressure, and with the averages of the paper beside it:
    dbar gpp relax cu-efs --lattice fcc --temperature 300 --pressure 5
    dbar gpp relax cu-efs --lattice fcc --temperature 300 --average q3 --neighbours 42
  compressed so fast that no heat leaves it: it warms up
    dbar gpp relax cu-efs --lattice fcc --temperature 300 --isentropic -0.01 -0.02
  free energy of a cell with a defect, relaxed positions with their variances:
    dbar gpp relax Al_zhou.eam.alloy vacancy.xyz --temperature 300 -o warm.extxyz
  a state to start molecular dynamics from, positions and velocities drawn:
    dbar gpp relax cu-efs cell.xyz --temperature 300 --draw --seed 1 -o start.data"""

_NAMES = (".data", ".extxyz", ".xyz")


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "relax", help="relax mean positions and variances", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("potential", metavar="POTENTIAL", help="cu-efs, or a file")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE",
                        help="a configuration, as ASE reads it")  # fmt: skip
    parser.add_argument("--format", metavar="NAME", help="ASE's name of its format")
    parser.add_argument("--temperature", nargs="+", required=True, type=number, metavar="T",
                        help="one or more (K)")  # fmt: skip
    parser.add_argument("--pressure", type=number, default=0.0, metavar="P", help="in GPa (0)")
    parser.add_argument("--elements", nargs="+", metavar="SYMBOL",
                        help="of the potential, in the order of types (all)")  # fmt: skip
    _add_crystal(parser)
    _add_configuration(parser)
    _add_average(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _add_crystal(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("a perfect crystal")
    options = [
        what.add_argument("--lattice", choices=("fcc", "bcc", "diamond", "sc")),
        what.add_argument("--element", metavar="SYMBOL", help="where the potential has several"),
        what.add_argument("--constant", type=number, metavar="A", help="lattice to keep (Å)"),
        what.add_argument("--isentropic", type=number, nargs="+", metavar="E",
                          help="then strain each edge by E, without heat (-0.01: 1 %% shorter)"),
    ]  # fmt: skip
    parser.set_defaults(crystal_options=options)


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("a configuration")
    options = [
        what.add_argument("--cell", choices=("fixed", "isotropic", "free"), help="(fixed)"),
        what.add_argument("--force-tolerance", type=number, metavar="F", help="(1e-4 eV/Å)"),
        what.add_argument("--steps", type=between(1, 10**6, int), metavar="N",
                          help="evaluations of forces at most (1000)"),
        what.add_argument("--correlated", action="store_true",
                          help="how neighbours move together, from second derivatives"),
        what.add_argument("--draw", action="store_true",
                          help="positions and velocities into the file of -o, not the means"),
        what.add_argument("-o", "--out", type=Path,
                          help="file to write: .extxyz, or .data for LAMMPS"),
    ]  # fmt: skip
    parser.set_defaults(configuration_options=options)


def _add_average(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("how averages are taken")
    how.add_argument("--average", choices=("exact", "q3", "q5", "mc", "gnn"), default="exact",
                     help="exact pairs, cubature, draws, a network (exact)")  # fmt: skip
    how.add_argument("--smax", type=number, metavar="S", help="largest variance (Å^2)")
    options = [
        how.add_argument("--neighbours", type=_neighbours, metavar="N",
                         help="so many; or a probability, as 1e-6, to be within the cutoff"),
        how.add_argument("--device", metavar="NAME", help="of PyTorch (cpu)"),
    ]  # fmt: skip
    learnt = how.add_argument("--network", type=Path, metavar="FILE", help="of dbar gpp train")
    drawn = [
        how.add_argument("--samples", type=between(64, 10**9, int), metavar="N", help="(10000)"),
        how.add_argument("--method", choices=("direct", "metropolis"), help="(direct)"),
    ]
    how.add_argument("--seed", type=between(0, 2**63 - 1, int), metavar="N",
                     help="of what is drawn (0)")  # fmt: skip
    parser.set_defaults(sampled_options=options, drawn_options=drawn, learnt_options=[learnt])


def _neighbours(text: str) -> int | float:
    try:
        value = int(text) if text.isdigit() else float(text)
    except ValueError:
        value = 0
    if not (isinstance(value, int) and value > 0) and not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected a number of neighbours, or a probability between 0 and 1"
        )
    return value


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    args.command = "gpp relax"  # as errors call it
    try:
        _check(args)
        with progress_bars() as stage:
            stage("tables of averages")(0, 1)
            potential, average = _average(args)
            work = _crystal if args.lattice else _configuration
            rows = work(args, potential, average, stage)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "out": args.out, "results": rows})
        return 0
    console.print(table_of(rows))
    if args.out is not None:
        console.print(f"{args.out}: written", markup=False)
    return 0


def _check(args) -> None:
    from dbar.files.atomic import check_writable
    from dbar.files.kinds import Kind

    if (args.file is None) == (args.lattice is None):
        given = "neither" if args.file is None else "both"
        raise ValueError(f"FILE and --lattice: found {given}, expected one of them")
    unused = args.configuration_options if args.lattice else args.crystal_options
    refuse_given(args, unused, f"expected {'FILE' if args.lattice else '--lattice'} with it")
    if args.average == "exact":
        refuse_given(args, args.sampled_options, "expected --average q3, q5 or mc with it")
    if args.average != "gnn":
        refuse_given(args, args.learnt_options, "expected --average gnn with it")
    if args.average != "mc":
        refuse_given(args, args.drawn_options, "expected --average mc with it")
    for strain in args.isentropic or ():
        if not -0.5 < strain < 0.5:
            raise ValueError(f"--isentropic {strain:g}: expected strains between -0.5 and 0.5")
    if args.draw and args.out is None:
        raise ValueError("--draw: found no -o, expected a file to write")
    if args.out is not None:
        if len(args.temperature) > 1:
            raise ValueError(
                f"-o {args.out}: found {len(args.temperature)} temperatures, expected one"
            )
        if args.out.suffix not in _NAMES:
            raise ValueError(f"-o {args.out}: expected a name ending in {', '.join(_NAMES)}")
        if clash := same_file(args.out, [args.file]):
            raise ValueError(f"-o {args.out}: is the input {clash}, expected another file")
        data = args.out.suffix == ".data"
        check_writable(args.out, Kind.PACKETS_DATA if data else Kind.PACKETS_XYZ)


def _average(args):
    from dbar.gpp.choice import make_average
    from dbar.gpp.potential import load_potential

    names = ("device", "smax", "network" if args.average == "gnn" else "neighbours")
    if args.average == "mc":
        names += ("samples", "method", "seed")
    options = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    potential = load_potential(args.potential, *(args.elements or ()))
    return potential, make_average(args.average, potential, **options)


def _crystal(args, potential, average, stage) -> list[dict]:
    from dbar.gpp.bulk import relax_bulk

    tick, rows = stage(f"{args.lattice} crystals"), []
    for k, temperature in enumerate(args.temperature):
        tick(k, len(args.temperature))
        one = relax_bulk(
            potential, args.lattice, temperature, average, element=args.element,
            pressure=args.pressure, a=args.constant,
        )  # fmt: skip
        strained = [
            relax_bulk(
                potential, args.lattice, average=average, element=args.element,
                a=(1.0 + strain) * one.a, isentropic=one,
            )
            for strain in args.isentropic or ()
        ]  # fmt: skip
        rows += [_crystal_row(args, crystal) for crystal in (one, *strained)]
    tick(len(args.temperature), len(args.temperature))
    return rows


def _crystal_row(args, crystal) -> dict:
    names = ("temperature", "pressure", "a", "variance", "energy", "free_energy", "entropy")
    row = {name: getattr(crystal, name) for name in names}
    return row | {"error": crystal.error} if args.average == "mc" else row


def _configuration(args, potential, average, stage) -> list[dict]:
    from dbar.entropy.frames import read_frames
    from dbar.gpp.relaxation import relax

    frames = read_frames([args.file], args.format)
    if len(frames) > 1:
        raise ValueError(f"{args.file}: found {len(frames)} configurations, expected one")
    given = {"force_tolerance": args.force_tolerance, "steps": args.steps, "cell": args.cell}
    options = {name: value for name, value in given.items() if value is not None}
    rows = []
    for temperature in args.temperature:
        tick = stage(f"relaxing at {temperature:g} K")
        packets = relax(
            frames[0][1], potential, temperature, average, pressure=args.pressure,
            progress=lambda step, _, tick=tick: tick(step, args.steps or 1000), **options,
        )  # fmt: skip
        tick(1, 1)
        rows.append(_row(packets))
        correlations = None
        if args.correlated:
            from dbar.gpp.correlations import Correlations

            correlations = Correlations(packets, progress=stage("second derivatives"))
            rows[-1]["free_energy_correlated"] = correlations.free_energy
        if args.out is not None:
            _write(args, potential, packets, correlations)
    return rows


def _row(packets) -> dict:
    return {
        "temperature": float(packets.temperatures[0]),
        "atoms": len(packets.atoms),
        "volume": packets.atoms.get_volume() if packets.atoms.cell.rank == 3 else None,
        "smallest_variance": float(packets.variances.min()),
        "largest_variance": float(packets.variances.max()),
        "energy": packets.energy,
        "free_energy": packets.free_energy,
        "force": packets.force,
    }


def _write(args, potential, packets, correlations) -> None:
    from dbar.gpp.draws import draw
    from dbar.gpp.output import write_lammps, write_xyz

    atoms = packets.atoms
    if args.draw:
        atoms = draw(correlations or packets, 1, args.seed or 0)[0]
    if args.out.suffix == ".data":
        write_lammps(args.out, atoms, potential.elements)
        return
    write_xyz(args.out, atoms)
