"""A page of a study of phase packets: what the paper has, and what comes out here."""

from __future__ import annotations

from dbar.files.kinds import MARKS, Kind

__all__ = ["page"]

_TITLES = {
    1: "a turned crystal", 2: "a shell crosses the cutoff", 3: "aluminium",
    4: "copper against temperature", 5: "iron along the Bain path",
    6: "the boundary Sigma 5 (310)[001]",
}  # fmt: skip
_PAPER = {
    1: "third-order cubature depends on the directions of the axes, the network does not",
    2: "with neighbours by mean distance energies jump, with the network they do not",
    3: "third-order cubature leaves the crystal as it is heated, for a minimum that is none",
    4: "the network follows molecular dynamics from 100 to 800 K",
    5: "bcc and fcc, and the path between them (another potential of iron)",
    6: "1280 atoms, two boundaries",
}


def page(results: dict) -> str:
    """Markdown of the results of a study, by their numbers."""
    lines = [
        MARKS[Kind.PACKET_STUDY_PAGE], "",
        "After S. Saxena, J.-H. Bastek, M. Spinola, P. Gupta, D. M. Kochmann, GNN-assisted phase",
        "space integration with application to atomistics. Energies are those of the potentials",
        "named here, so they stand beside the paper's statements and not under its numbers.", "",
    ]  # fmt: skip
    for number in sorted(results, key=int):
        found = results[number]
        lines += [
            f"## Figure {number}: {_TITLES[int(number)]}", "",
            f"![figure {number}](figure{number}.png)", "", f"Paper: {_PAPER[int(number)]}.", "",
            *_WRITTEN[int(number)](found), "",
        ]  # fmt: skip
    return "\n".join(lines)


def _table(head, rows) -> list[str]:
    lines = ["| " + " | ".join(map(str, head)) + " |", "|" + "---|" * len(list(head))]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


def _number(value, form: str) -> str:
    return "-" if value is None else format(value, form)


def _rotation(found: dict) -> list[str]:
    temperatures = list(next(iter(found["averages"].values())))
    rows = [
        (name, *(f"{1000 * one[T]['spread']:.2g}" for T in temperatures))
        for name, one in found["averages"].items()
    ]
    return _table(
        ("largest less smallest energy, meV/atom", *(f"{T} K" for T in temperatures)), rows
    )


def _compression(found: dict) -> list[str]:
    head = ("jump, meV/atom, at a of", *(f"{a:.4f} Å" for a in found["crossings"]))
    rows = [
        (name, *(f"{1000 * jump:.3f}" for jump in one["jumps"]))
        for name, one in found["averages"].items()
    ]
    return _table(head, rows)


def _heating(found: dict) -> list[str]:
    lines = []
    for key, form, what in (
        ("a", ".4f", "lattice constant, Å"), ("energy", ".4f", "energy, eV/atom"),
        ("variance", ".5f", "variance, Å^2"),
    ):  # fmt: skip
        head = (what, *(f"{T:g} K" for T in found["temperatures"]))
        rows = [
            (name, *(_number(one, form) for one in rows[key]))
            for name, rows in found["averages"].items()
        ]
        lines += [*_table(head, rows), ""]
    for name, rows in found["averages"].items():
        for T, why in rows["refused"].items():
            lines += [f"{name}, {T} K: {why}.", ""]
    return lines


def _dynamics(found: dict) -> list[str]:
    if "dynamics" not in found:
        return []
    place = {f"{T:g}": k for k, T in enumerate(found["temperatures"])}
    rows = []
    for T, one in found["dynamics"].items():
        exact = found["averages"]["exact"]
        k = place[T]
        rows.append(
            (T, f"{one['a'][0]:.5f} +- {one['a'][1]:.5f}", f"{one['energy'][0]:.5f}",
             f"{100 * (exact['a'][k] / one['a'][0] - 1):.3f}",
             f"{100 * (exact['energy'][k] / one['energy'][0] - 1):.3f}",
             f"{exact['variance'][k] / one['variance']:.2f}")
        )  # fmt: skip
    head = ("dynamics, K", "a (Å)", "energy (eV/atom)", "a of exact packets, % off",
            "their energy, % off", "their variance over that of dynamics")  # fmt: skip
    return _table(head, rows)


def _aluminium(found: dict) -> list[str]:
    minima = [
        (name, f"{a:.4f}", f"{s:.4f}", f"{F:.4f}")
        for name, one in found["landscape"]["averages"].items()
        for a, s, F in one["minima"]
    ]
    head = ("minima of F(a, s) at 500 K", "a (Å)", "s (Å^2)", "F (eV/atom)")
    return [f"Potential: {found['potential']}.", "", *_heating(found), *_table(head, minima)]


def _copper(found: dict) -> list[str]:
    return [*_heating(found), *_dynamics(found)]


def _iron(found: dict) -> list[str]:
    rows = []
    for T, one in found["paths"].items():
        exact = one["averages"]["exact"]
        rows.append(
            (T, f"{exact['bcc']['a']:.4f}", f"{exact['fcc']['a']:.4f}",
             f"{1000 * exact['difference']:.1f}", f"{1000 * exact['barrier']:.1f}",
             f"{1000 * exact['hysteresis']:.1g}")
        )  # fmt: skip
    head = ("K", "a of bcc (Å)", "a of fcc (Å)", "F of fcc less bcc (meV)",
            "highest above bcc (meV)", "there less back (meV)")  # fmt: skip
    return [f"Potential: {found['potential']}.", "", *_table(head, rows)]


def _boundary(found: dict) -> list[str]:
    rows = [
        (name, f"{T:g}", one["atoms"][k], f"{one['free_energy'][k]:.0f}", one["shift"][k],
         f"{one['variance'][k]:.2f}")
        for name, one in found["averages"].items()
        for k, T in enumerate(found["temperatures"])
    ]  # fmt: skip
    head = ("average", "K", "atoms", "F (mJ/m^2)", "shift", "largest variance over bulk")
    return [f"Potential: {found['potential']}.", "", *_table(head, rows)]


_WRITTEN = {1: _rotation, 2: _compression, 3: _aluminium, 4: _copper, 5: _iron, 6: _boundary}
