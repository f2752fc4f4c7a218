"""The descriptors that are compared."""

from __future__ import annotations

from dbar.descriptors.afs import AFS
from dbar.descriptors.bispectrum import Bispectrum
from dbar.descriptors.scattering import Scattering
from dbar.entropy.entropy_model import EntropyModel
from dbar.entropy.sample import Sample

__all__ = ["IRON", "LENNARD_JONES", "samples", "scattering"]

IRON = {
    "AFS(3.5; 20, 10)": AFS(3.5, nmax=20, lmax=10),
    "AFS(3.8; 20, 10)": AFS(3.8, nmax=20, lmax=10),
    "AFS(4.2; 20, 10)": AFS(4.2, nmax=20, lmax=10),
    "AFS(5; 20, 10)": AFS(5.0, nmax=20, lmax=10),
    "AFS(3.5; 12, 8)": AFS(3.5, nmax=12, lmax=8),
    "bSO4(5; 7, diagonal)": Bispectrum(5.0, twojmax=7, diagonal=True),
    "bSO4(5; 8)": Bispectrum(5.0, twojmax=8),
}
LENNARD_JONES = {
    "AFS(2; 20, 10)": AFS(2.0, nmax=20, lmax=10),
    "AFS(2.5; 20, 10)": AFS(2.5, nmax=20, lmax=10),
    "AFS(5; 20, 10)": AFS(5.0, nmax=20, lmax=10),
    "bSO4(3; 8)": Bispectrum(3.0, twojmax=8),
}


def samples(descriptors: dict, database, units: str, stage) -> dict[str, Sample]:
    """A sample of a database for each descriptor."""
    bulk = database.bulk or None
    return {
        name: Sample(
            EntropyModel(descriptor, lammps_units=units), database.atoms, database.entropies, bulk,
            database.temperature, tick=stage(name),
        )
        for name, descriptor in descriptors.items()
    }  # fmt: skip


def scattering(database, which, stage) -> Sample:
    """A sample of some configurations of iron, with the global descriptor."""
    return Sample(
        EntropyModel(IRON["AFS(5; 20, 10)"]), [database.atoms[k] for k in which],
        database.entropies[which], database.bulk, database.temperature, Scattering(),
        tick=stage("scattering"),
    )  # fmt: skip
