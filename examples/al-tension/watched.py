"""What eight replicas taught, in the run of a ninth: stacking faults without structure analysis.

    python examples/al-tension/watched.py            # nine replicas of about a core-minute
    python examples/al-tension/watched.py --small    # the same in miniature, half a minute

Eight replicas count their hcp atoms at every snapshot. `dbar fit` learns from them, and the ninth
is judged by that model from its first snapshot on; it computes no structure at all, and prints
hcp atoms, their forecast, and the forecast of the stress. Afterwards they are counted and compared.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from ensemble import EnsembleError, alone, core_minutes, parse, run  # noqa: E402
from figures import BLUE, INK, ORANGE, SOFT, panels, save  # noqa: E402
from rich.console import Console  # noqa: E402
from run import EXAMPLE  # noqa: E402

from dbar.cli import main as dbar  # noqa: E402
from dbar.targets import match_snapshots, structure_counts  # noqa: E402
from dbar.trajectory import read  # noqa: E402

THERMO = "temp pe press pxx pyy pzz pxy pxz pyz vol lx ly lz"
STRESS = "pe press pxx pyy pzz pxy pxz pyz"
AHEAD = 10  # snapshots


def main(argv=None) -> int:
    """Run what is missing, fit, watch, compare."""
    example = replace(EXAMPLE, replicas=8, small_replicas=8)
    args = parse(example, argv)
    console = Console()
    base = args.folder or HERE / ("watched-small" if args.small else "watched")
    count = args.replicas or 8
    own = example.small if args.small else {}
    total = example.small_snapshots if args.small else example.snapshots
    spacing = 0.002 * own.get("every", 100)  # ps

    def work() -> dict:
        options = dict(total=total, jobs=args.jobs, np=args.np, console=console)
        words = f"thermo 14 {THERMO} v_nhcp"
        teachers = run(example, base / "runs", count, {**own, "more": words}, **options)
        model, settings = base / "model.h5", base / "monitor.toml"
        if not model.exists() or any(f.stat().st_mtime > model.stat().st_mtime for f in teachers):
            settings.unlink(missing_ok=True)
            files = [str(folder / "run.h5md") for folder in teachers]
            seen = [word for name in STRESS.split() for word in ("--observable", name)]
            seen += ["--observable", "v_nhcp:extensive"]
            with threadpool_limits(1):
                if dbar(["fit", *files, "-o", str(model), "--monitor", str(settings), *seen]):
                    raise EnsembleError("dbar fit failed")
        names = f"{STRESS} v_nhcp".split()
        words = f"model ../../model.h5 observe {len(names)} {' '.join(names)}"
        words += f" ahead {AHEAD * spacing:g}"
        more = {**own, "more": words, "monitor": "../../monitor.toml", "keep": "every 5"}
        (watched,) = run(example, base / "ninth", 1, more, first=count + 1, **options)
        out = base / "out"
        out.mkdir(exist_ok=True)
        return {"core_minutes": core_minutes([*teachers, watched])} | compare(watched, names, out)

    return alone(base / "runs", base / "out", work, console)


def compare(folder: Path, names: list[str], out: Path) -> dict:
    """Estimates and forecasts of the ninth replica beside what was counted afterwards."""
    watched = read(folder / "run.h5md")
    rows = match_snapshots(watched)
    hcp = structure_counts(watched.snapshots, cutoff=3.45)["hcp"]
    every = np.arange(len(watched))
    truth = {name: (every, watched.observables[name]) for name in names if name != "v_nhcp"}
    truth["v_nhcp"] = rows, hcp
    numbers, found = {"M_below_2": float(np.mean(watched.monitor["M"] < 2.0))}, {}
    for name, (where, values) in truth.items():
        estimate, std, ahead, half = watched.estimates[name].T
        off = values - estimate[where]
        later = where[where >= AHEAD]
        late = values[where >= AHEAD] - ahead[later - AHEAD]
        found[name] = {
            "R2": 1.0 - np.mean(off**2) / np.var(values),
            "inside_90": np.mean(np.abs(off) <= 1.6449 * std[where]),
            "forecast_inside_90": np.mean(np.abs(late) <= half[later - AHEAD]),
        }
    for what in ("R2", "inside_90", "forecast_inside_90"):
        numbers[what] = {name: round(float(one[what]), 4) for name, one in found.items()}
    _draw(watched, truth, out)
    return numbers


def _draw(watched, truth, out) -> None:
    figure, axes = panels(1, 2, height=3.4)
    time = watched.time
    step = time[1] - time[0]
    shown = (("v_nhcp", "hcp atoms", 1.0), ("pxx", "tension xx (GPa)", -1e-4))
    for ax, (name, label, unit) in zip(axes[0], shown, strict=True):
        estimate, _, ahead, half = watched.estimates[name].T
        later = time + AHEAD * step
        low, high = unit * (ahead - half), unit * (ahead + half)
        label_ahead = f"forecast, {AHEAD * step:g} ps ahead"
        ax.fill_between(later, low, high, color=SOFT, alpha=0.35, lw=0, label=label_ahead)
        ax.plot(time, unit * estimate, color=BLUE, label="read from D̄ and V̄")
        where, values = truth[name]
        ax.plot(time[where], unit * values, ".", ms=3, color=INK, label="computed")
        for t in time[watched.monitor["state"] == 3]:
            ax.axvline(t, color=ORANGE, lw=0.8)
        ax.set(xlabel="time (ps)", ylabel=label)
    axes[0, 0].legend(loc="upper left")
    save(figure, out, "watched")


if __name__ == "__main__":
    sys.exit(main())
