"""``dbar entropy reference``: entropies by diagonalisation or probes, any potential of LAMMPS."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from rich.console import Console
from rich.table import Table

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
Vibrational entropy of each configuration from the second derivatives of its energy, which LAMMPS
takes by differences of forces. Configurations must be minima of the energy (or --relax). Time
grows with the third power of the number of atoms: seconds for 400, minutes for 2000. With
--stochastic it grows with the number of atoms alone, and entropies have standard errors.

With -o what is finished is kept: the same command goes on where it was stopped, and computes only
what the file does not hold. A .json has the numbers, a .h5 frequencies, local entropies and
relaxed positions as well."""

_EXAMPLE = """\
examples:
  dbar entropy reference cells.extxyz --pair-style eam/fs \\
      --pair-coeff "* * Fe_mm.eam.fs Fe" --temperature 300 -o entropies.h5
  dbar entropy reference cluster.xyz --units lj --pair-style "lj/cut 100" --pair-coeff "* * 1 1"
  dbar entropy reference a.data --format lammps-data --pair-style tersoff \\
      --pair-coeff "* * SiC.tersoff Si C" --temperature 600 --statistics quantum --relax --json"""

_SHOWN = 20


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "reference", help="by diagonalisation", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="as ASE reads them")
    parser.add_argument("--format", metavar="NAME", help="ASE's name of their format")
    _add_potential(parser)
    how = parser.add_argument_group("how")
    how.add_argument("--temperature", type=number, metavar="T", help="without it S = -log_det / 2")
    how.add_argument("--statistics", choices=("classical", "quantum"), default="classical")
    how.add_argument("--relax", action="store_true", help="minimise the energy first")
    how.add_argument(
        "--retry", type=between(0, 100, int), default=0, metavar="N",
        help="displace along an imaginary mode and relax again, so many times (0)",
    )  # fmt: skip
    how.add_argument("--force-tolerance", type=number, metavar="F", help="(1e-6 eV/Å; lj 1e-5)")
    how.add_argument("--step", type=number, metavar="H", help="displacement (1e-4 Å; lj 1e-4)")
    _add_stochastic(parser)
    how.add_argument("--np", type=between(1, 1024, int), default=1, help="MPI ranks (1)")
    parser.add_argument("-o", "--out", type=Path, help="file to write or go on with: .json, .h5")
    add_json(parser)
    parser.set_defaults(run=run)


def _add_stochastic(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("random probes, for large configurations")
    what.add_argument("--stochastic", action="store_true", help="estimate, with a standard error")
    options = [
        what.add_argument("--probes", type=between(2, 10**6, int), metavar="N",
                          help="random vectors of each configuration (32)"),
        what.add_argument("--seed", type=between(0, 2**63 - 1, int), metavar="N", help="(0)"),
        what.add_argument("--tolerance", type=number, metavar="S",
                          help="when a probe is done, k_B per mode (1e-6)"),
    ]  # fmt: skip
    parser.set_defaults(stochastic_options=options)


def _add_potential(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("potential, in the words of LAMMPS")
    what.add_argument("--pair-style", required=True, metavar="WORDS")
    what.add_argument("--pair-coeff", required=True, action="append", metavar="WORDS",
                      help="may be repeated")  # fmt: skip
    what.add_argument("--units", default="metal", metavar="STYLE", help="unit style (metal)")
    what.add_argument("--species", nargs="+", metavar="SYMBOL", help="of each type, in order")
    what.add_argument("--setup", action="append", default=[], metavar="LINE",
                      help="command before the box is made; may be repeated")  # fmt: skip
    what.add_argument("--command", dest="commands", action="append", default=[], metavar="LINE",
                      help="command after pair_coeff; may be repeated")  # fmt: skip


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    from dbar.entropy.frames import read_frames
    from dbar.entropy.lammps_session import LammpsError

    args.command = "entropy reference"  # as errors call it
    try:
        if args.out is not None and (clash := same_file(args.out, args.files)):
            raise ValueError(f"-o {args.out}: is the input {clash}, expected another file")
        if not args.stochastic:
            refuse_given(args, args.stochastic_options, "expected --stochastic with it")
        with progress_bars() as stage:
            stage("reading configurations")(0, 1)
            frames = read_frames(args.files, args.format)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                entries, reused = _compute(args, frames, stage)
    except (ValueError, OSError, LammpsError) as error:
        return fail(args, error)
    said = list(dict.fromkeys(str(one.message) for one in caught if _is_own(one.category)))
    if args.json:
        rows = [{"name": one.name, **one.numbers} for one in entries]
        made = {"computed": len(entries) - reused, "reused": reused}
        print_json({"ok": True, "out": args.out, **made, "entropies": rows, "warnings": said})
    else:
        _show(console, args, entries, reused, said)
    return 0


def _is_own(category: type) -> bool:
    from dbar.entropy.errors import RoughPotentialWarning

    return issubclass(category, RoughPotentialWarning)


def _compute(args, frames, stage):
    """Entries in the order of the frames, and how many of them the file held already."""
    from dbar.entropy.entropies_file import EntropiesFile
    from dbar.entropy.entry import entry_of, key_of

    options = {
        name: getattr(args, name)
        for name in (
            "units", "species", "statistics", "relax", "retry", "force_tolerance", "step",
            "setup", "commands",
        )
    }  # fmt: skip
    tick, done = stage("entropies"), {}

    def progress(probes: int, of: int) -> None:
        tick(len(done) + probes / of, len(frames))

    with _calculator(args, options, progress) as calculator:
        settings = _settings(args, options, calculator)
        file = None if args.out is None else EntropiesFile(args.out, settings)
        held = {} if file is None else file.entries
        keys = {name: key_of(atoms) for name, atoms in frames}
        done |= {name: held[name] for name, key in keys.items() if _holds(held, name, key)}
        reused = len(done)
        tick(reused, len(frames))
        try:
            for name, atoms in frames:
                if name in done:
                    continue
                done[name] = entry_of(calculator(atoms, name), keys[name])
                if file is not None:
                    file.add(done[name])
                tick(len(done), len(frames))
        finally:
            if file is not None:  # also where one failed: what was finished before is kept
                file.flush()
    return [done[name] for name, _ in frames], reused


def _holds(held, name, key) -> bool:
    return name in held and held[name].key == key


def _calculator(args, options: dict, progress):
    from dbar.entropy.calculator import ReferenceCalculator
    from dbar.entropy.stochastic import StochasticCalculator

    words = (args.pair_style, args.pair_coeff, args.temperature)
    if not args.stochastic:
        return ReferenceCalculator(*words, ranks=args.np, **options)
    given = {name: getattr(args, name) for name in ("probes", "seed", "tolerance")}
    given = {name: value for name, value in given.items() if value is not None}
    return StochasticCalculator(*words, ranks=args.np, progress=progress, **given, **options)


def _settings(args, options: dict, calculator) -> dict:
    from dbar.entropy.entry import potential_files

    lines, names = (args.pair_style, *args.pair_coeff), ()
    if args.stochastic:
        names = ("probes", "seed", "tolerance")
    return {
        "pair_style": args.pair_style, "pair_coeff": args.pair_coeff,
        "temperature": args.temperature, **options, "files": potential_files(lines),
        **{name: getattr(calculator, name) for name in names},
    }  # fmt: skip


def _show(console: Console, args, entries, reused: int, said: list[str]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("configuration", overflow="fold")
    names = ["atoms", "energy", "zero modes", "log_det", "S (k_B)", "F"]
    if args.stochastic:
        names.insert(5, "+-")
    for name in names:
        table.add_column(name, justify="right")
    for one in entries[:_SHOWN]:
        value = one.numbers
        free = "-" if value["free_energy"] is None else f"{value['free_energy']:.6g}"
        table.add_row(
            one.name.replace("[", "\\["), str(value["atoms"]), f"{value['energy']:.8g}",
            str(value["n_zero"]), f"{value['log_det']:.8g}", f"{value['entropy']:.8g}",
            *([f"{value['std_error']:.3g}"] if args.stochastic else []), free,
        )  # fmt: skip
    if not console.is_terminal:
        console.width = 160
    console.print(table, soft_wrap=False)
    if len(entries) > _SHOWN:
        console.print(f"... and {len(entries) - _SHOWN} more (--json or -o has all)")
    for text in said[:3]:
        console.print(f"! {text}", style="yellow", markup=False)
    if len(said) > 3:
        console.print(f"! ... and {len(said) - 3} more of this kind", style="yellow")
    if args.temperature is None:
        console.print("no --temperature: S is -log_det / 2, only its differences mean something")
    if args.out is not None:
        kept = f", {reused} of them were there already" if reused else ""
        console.print(f"{args.out}: {len(entries)} entropies{kept}", markup=False)
