"""Results of ``dbar gpp relax`` as a table."""

from __future__ import annotations

from rich.table import Table

__all__ = ["table_of"]

_HEADS = {
    "temperature": "T (K)", "pressure": "p (GPa)", "a": "a (Å)", "variance": "s (Å^2)",
    "energy": "E (eV)", "free_energy": "F (eV)", "entropy": "S (k_B)", "error": "+-",
    "smallest_variance": "least s", "largest_variance": "largest s (Å^2)",
    "volume": "volume (Å^3)", "force": "force (eV/Å)",
    "free_energy_correlated": "F correlated (eV)",
}  # fmt: skip
_DIGITS = {
    "temperature": "g", "pressure": ".4f", "a": ".5f", "error": ".2g", "force": ".2g",
    "energy": ".6f", "free_energy": ".6f", "free_energy_correlated": ".6f", "volume": ".4f",
}  # fmt: skip


def table_of(rows: list[dict]) -> Table:
    """A row for each crystal or configuration."""
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(_HEADS.get(name, name), justify="right")
    for row in rows:
        table.add_row(*(_shown(name, value) for name, value in row.items()))
    return table


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    text = f"{value:{_DIGITS.get(name, '.5g')}}"
    return text.lstrip("-") if float(text) == 0 else text
