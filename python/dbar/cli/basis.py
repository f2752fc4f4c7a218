"""``dbar basis fit|show``: radial functions that fit a set of configurations."""

from __future__ import annotations

import argparse
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

__all__ = ["add"]

_ABOUT = """\
Few radial functions that say of your material what many say: for each l the ones along which the
coefficients of the density of neighbours vary most in the configurations you give. Descriptors of
that density are then smaller and faster, and hardly less informative."""

_EXAMPLES = """\
examples:
  dbar basis fit silicon.xyz -o basis.json --rcut 6 --qmax 6
  dbar basis show basis.json"""

_FIT = """\
Expand the neighbours of every atom of every frame in many radial functions (the primitive ones),
add up the covariances of the coefficients, and write their eigenvectors to a file. The files may
have any format that ASE reads; one frame is in memory at a time.

Residual variance (RV) is the share of the coefficients' variance that the first q functions leave
out. It compares numbers of functions of one fit; between different primitive functions it says
nothing."""

_FIT_EXAMPLES = """\
examples:
  dbar basis fit silicon.xyz -o basis.json --rcut 6 --qmax 6
  dbar basis fit a.traj b.traj -o basis.json --rcut 4 --sigma 0.3 --residual-variance 1e-4
  dbar basis fit molecules.xyz -o basis.json --rcut 4 --species H C N O F --mixed --qmax 34
  dbar basis fit md.xyz -o basis.json --rcut 5 --qmax 4 --target energy_per_atom

With --mixed a channel is a sum over the species of the neighbours: fewer channels where there are
many species. With --target the functions of l = 0 also see what a property depends on; it must
be in the files, as a number of the frame, one of each atom, or a result of a calculator."""

_SHOW = """\
What a file of a radial basis holds: the primitive functions, the species, how many atoms it was
fitted to, and what each number of functions leaves out. A basis can be cut to fewer functions."""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "basis", help="fit radial functions to a material", description=_ABOUT, epilog=_EXAMPLES
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_fit(actions)
    show = actions.add_parser(
        "show",
        help="what a file holds",
        description=_SHOW,
        epilog="example:\n  dbar basis show basis.json",
    )
    show.add_argument("file", type=Path, metavar="BASIS.json")
    add_json(show)
    show.set_defaults(run=_run_show)


def _add_fit(actions: argparse._SubParsersAction) -> None:
    parser: Parser = actions.add_parser(
        "fit", help="fit one", description=_FIT, epilog=_FIT_EXAMPLES
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FRAMES")
    parser.add_argument("-o", "--out", type=Path, required=True, help="file to write (JSON)")
    what = parser.add_argument_group("primitive functions")
    what.add_argument(
        "--rcut", type=number, required=True, help="cutoff (length unit of the files)"
    )
    what.add_argument(
        "--sigma", type=number, default=0.5, help="width of a neighbour's Gaussian (0.5)"
    )
    what.add_argument(
        "--width", type=number, default=0.5, help="neighbours fade out over this length (0.5)"
    )
    what.add_argument(
        "--primitive", choices=("gto", "dvr"), default="dvr",
        help="Gaussian orbitals, or values on shells (default)",
    )  # fmt: skip
    what.add_argument("--nmax", type=between(1, 1000, int), help="number of them (gto 12, dvr 20)")
    what.add_argument(
        "--lmax", type=between(0, 1000, int), default=6, help="largest angular momentum (6)"
    )
    what.add_argument(
        "--species", nargs="+", metavar="SYMBOL",
        help="chemical symbols in the order of the file (those found, by atomic number)",
    )  # fmt: skip
    how = parser.add_argument_group("contraction")
    size = how.add_mutually_exclusive_group(required=True)
    size.add_argument(
        "--qmax", type=between(1, 10**6, int), metavar="N",
        help="functions of each l, with --mixed of all species together",
    )  # fmt: skip
    size.add_argument(
        "--residual-variance", type=between(0, 1, float), metavar="X",
        help="as many as leave out at most this share of the variance",
    )  # fmt: skip
    how.add_argument(
        "--mixed", action="store_true", help="channels that the species of neighbours share"
    )
    how.add_argument(
        "--per-centre", action="store_true", help="functions of its own for each central species"
    )
    how.add_argument("--target", metavar="NAME", help="property that the functions of l = 0 see")
    mixing = how.add_argument(
        "--mixing", type=between(1e-6, 1, float), metavar="X",
        help="weight of the variance beside the target (0.1)",
    )  # fmt: skip
    add_json(parser)
    parser.set_defaults(run=_run_fit, needs_target=[mixing])


def _run_fit(args: argparse.Namespace, console: Console) -> int:
    """Run ``dbar basis fit``; returns the exit code."""
    from dbar.files.atomic import check_writable
    from dbar.files.kinds import Kind

    try:
        if args.target is None:
            refuse_given(args, args.needs_target, "applies with --target, expected that as well")
        if clash := same_file(args.out, args.files):
            raise ValueError(f"-o {args.out}: is the input {clash}, expected another file")
        check_writable(args.out, Kind.BASIS)
        with progress_bars() as stage:
            fit, basis = _fitted(args, stage)
        basis.save(args.out)
    except (ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "basis": args.out, "frames": fit.frames, **_facts(basis)})
        return 0
    console.print(f"{fit.frames} frames, {', '.join(_environments(basis))}", markup=False)
    console.print(_table(basis))
    console.print(f"{args.out}: {_in_words(basis)}", markup=False)
    return 0


def _fitted(args: argparse.Namespace, stage):
    from dbar.basis.fit import BasisFit
    from dbar.basis.frames import read_frames
    from dbar.basis.properties import property_of
    from dbar.descriptors.expansion import Expansion

    species, count = _looked_through(args, stage("looking through the files"))
    primitive = Expansion(
        args.rcut,
        nmax=args.nmax or {"gto": 12, "dvr": 20}[args.primitive],
        lmax=args.lmax,
        basis=args.primitive,
        sigma=args.sigma,
        width=args.width,
        species=species,
    )
    fit = BasisFit(primitive, args.mixed, args.per_centre)
    fit.check_size(args.qmax, args.residual_variance)
    tick = stage("expanding")
    for where, atoms in read_frames(args.files):
        try:
            fit.add(atoms, None if args.target is None else property_of(atoms, args.target))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        tick(fit.frames, count)
    mixing = 0.1 if args.mixing is None else args.mixing
    return fit, fit.basis(args.qmax, args.residual_variance, mixing)


def _looked_through(args: argparse.Namespace, tick) -> tuple[list[str], int]:
    """Species, and number of frames; what a frame lacks is said before minutes of work."""
    from ase.data import chemical_symbols

    from dbar.basis.frames import read_frames
    from dbar.basis.properties import property_of

    for symbol in args.species or ():
        if symbol not in chemical_symbols[1:]:
            raise ValueError(f"--species {symbol}: expected a chemical symbol")
    numbers, count = set(), 0
    for k, path in enumerate(args.files):
        for where, atoms in read_frames([path]):
            numbers.update(atoms.numbers.tolist())
            count += 1
            if args.target is not None:
                try:
                    property_of(atoms, args.target)
                except ValueError as error:
                    raise ValueError(f"{where}: {error}") from None
            tick(k, len(args.files))
        tick(k + 1, len(args.files))
    return args.species or [chemical_symbols[z] for z in sorted(numbers)], count


def _run_show(args: argparse.Namespace, console: Console) -> int:
    """Run ``dbar basis show``; returns the exit code."""
    from dbar.basis.optimal import OptimalBasis

    try:
        basis = OptimalBasis.load(args.file)
    except (ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "basis": args.file, **_facts(basis)})
        return 0
    console.print(f"{args.file}: {_in_words(basis)}", markup=False)
    console.print(
        f"Rcut {basis.rcut:g}, sigma {basis.sigma:g}, width {basis.width:g} in the fit, by "
        f"{basis.created_by} of {', '.join(_environments(basis))}",
        markup=False,
    )
    console.print(_table(basis))
    return 0


def _in_words(basis) -> str:
    each = "mixed" if basis.mixed else f"{basis.qmax} of each species of neighbours"
    blocks = ", for each species of central atoms" if basis.per_centre else ""
    return (
        f"{basis.n_channels} channels ({each}) of {basis.primitive}({basis.nmax}), lmax "
        f"{basis.lmax}, species {' '.join(basis.species)}{blocks}"
    )


def _environments(basis) -> list[str]:
    of = {"all": ""}
    return [
        f"{n} atoms{of.get(name, f' {name}')}"
        for name, n in zip(basis.blocks, basis.environments, strict=True)
    ]


def _facts(basis) -> dict:
    content = basis.content()
    for key in ("schema", "matrices", "eigenvalues"):
        del content[key]
    return content | {
        "channels": basis.n_channels,
        "blocks": basis.blocks,
        "residual_variances": basis.residual_variances(),
    }


def _table(basis) -> Table:
    """Residual variance by number of functions, up to some more than there are."""
    found = basis.residual_variances()
    table = Table(title="residual variance", title_justify="left", box=None, pad_edge=False)
    table.add_column("functions", justify="right")
    for name in basis.blocks:
        table.add_column("left out" if name == "all" else f"around {name}", justify="right")
    for q in range(1, min(found.shape[1], basis.qmax + 4) + 1):
        mark = "bold" if q == basis.qmax else "dim" if q > basis.qmax else None
        table.add_row(str(q), *(f"{rv:.2e}" for rv in found[:, q - 1]), style=mark)
    return table
