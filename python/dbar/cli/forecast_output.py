"""Forecasts as tables: on the terminal, and as CSV, JSON or HDF5."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import h5py
import numpy as np
from rich.console import Console
from rich.table import Table

from dbar.files.atomic import replacing
from dbar.files.kinds import Kind

__all__ = ["KINDS", "show_forecast", "write_forecast"]

KINDS = {".csv": Kind.FORECAST_CSV, ".json": Kind.FORECAST_JSON, ".h5": Kind.FORECAST_H5}


def _columns(result: dict) -> dict[str, tuple[str, list]]:
    """Name -> (unit, values) of the table."""
    out = {"time": (result["time_unit"], result["time"])}
    for name, one in result["observables"].items():
        out[name] = (one["unit"], one["mean"])
        for key in ("low", "high", "low_epistemic", "high_epistemic"):
            if key in one:
                out[f"{name}_{key}"] = (one["unit"], one[key])
    out["M_expected"], out["M_bound"] = ("", result["M_expected"]), ("", result["M_bound"])
    return out


def write_forecast(path: Path, result: dict) -> None:
    """Write a forecast as .csv, .json or .h5; the file appears when it is complete."""
    columns = _columns(result)
    with replacing(path, KINDS[path.suffix]) as part:
        if path.suffix == ".json":
            part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        elif path.suffix == ".csv":
            with part.open("w", newline="", encoding="utf-8") as file:
                table = csv.writer(file)
                table.writerow([f"{n} ({u})" if u else n for n, (u, _) in columns.items()])
                rows = zip(*(values for _, values in columns.values()), strict=True)
                table.writerows(["" if v is None else repr(v) for v in row] for row in rows)
        else:
            _write_h5(part, columns, result)


def _write_h5(part: Path, columns: dict, result: dict) -> None:
    with h5py.File(part, "w") as file:
        file.attrs["dbar_file"] = "forecast"
        file.attrs["schema"] = 1
        for key in ("from", "level", "tau_pred", "tau_pred_with_drift", "eta", "M_now"):
            file.attrs[key] = math.nan if result[key] is None else result[key]
        for name, (unit, values) in columns.items():
            file.create_dataset(name, data=np.array(values, dtype=float)).attrs["unit"] = unit
        for name, one in result["observables"].items():
            if "samples" in one:
                file.create_dataset(f"samples/{name}", data=np.array(one["samples"], dtype=float))


def show_forecast(console: Console, result: dict) -> None:
    """Print a forecast for a reader: ten rows at most, then how far it can be trusted."""
    unit = f" {result['time_unit']}" if result["time_unit"] else ""
    console.print(f"forecast of {result['run']} from {result['from']:g}{unit} on", markup=False)
    percent = f"{100 * result['level']:g} %"
    table = Table(box=None, pad_edge=False)
    table.add_column(f"time{f' ({unit.strip()})' if unit else ''}", justify="right")
    for name, one in result["observables"].items():
        head = f"{name} ({one['unit']})" if one["unit"] else name
        table.add_column(f"{head}, {percent} band", justify="right")
    table.add_column("M(t)", justify="right")
    steps = len(result["time"])
    shown = np.unique(np.round(np.geomspace(1, steps, min(steps, 10))).astype(int)) - 1
    for k in shown:
        cells = [f"{result['time'][k]:g}"]
        for one in result["observables"].values():
            cells.append(f"{one['mean'][k]:.6g}  [{one['low'][k]:.6g}, {one['high'][k]:.6g}]")
        bound = result["M_bound"][k]
        cells.append("-" if bound is None else f"{bound:.3g}")
        table.add_row(*(cell.replace("[", "\\[") for cell in cells))
    console.print(table)
    console.print(
        f"trusted until {result['trusted_until']:.4g}{unit}: tau_pred {result['tau_pred']:.3g}"
        f"{unit}, eta {result['eta']:.3g} (time forecast per time simulated); M now "
        f"{result['M_now']:.3g}"
    )
    if result["tau_pred_with_drift"] < result["tau_pred"]:
        console.print(
            f"with the drift that left-out runs showed: {result['tau_pred_with_drift']:.3g}{unit}"
        )
    signal = result["second_signal"]
    if signal and signal["first_alarm"] is not None:
        text = f"second signal (sudden change): alarm at {signal['first_alarm']:.4g}{unit}"
        few, most = signal["false_alarms_expected"]
        if few is not None:  # models of before do not know
            text += f"; {few:.2g} to {most:.2g} false ones expected in an undisturbed run as long"
        console.print(text, style="yellow")
    elif signal:
        console.print("second signal (sudden change): silent")
    for text in result["warnings"]:
        console.print(f"! {text}", style="yellow", markup=False)
