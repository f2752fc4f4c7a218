"""Writes order.json: 0 in the perfect crystal of in.crystal, 1 in one displaced at random."""

import json

from ase.build import bulk

from dbar.descriptors import Bispectrum

descriptor = Bispectrum(rcut=6.0, twojmax=4, species=["Ar"])
crystal = bulk("Ar", "fcc", a=5.30, cubic=True).repeat(4)
cold, _ = descriptor.compute(crystal)
crystal.rattle(0.3, seed=1)
warm, _ = descriptor.compute(crystal)
row = (warm - cold) / len(crystal)
row /= row @ row
words = {
    "twojmax": "4", "rfac0": "0.99363", "rmin0": "0", "switch": "yes", "bzero": "no",
    "diagonal": "no", "radius": "0.5", "weight": "1",
}  # fmt: skip
cv = {
    "schema": "dbar-cv/1",
    "name": "order",
    "lammps_units": "metal",
    "descriptor": {
        "family": "bso4", "rcut": 6.0, "words": words, "ntypes": 1, "perspecies": False,
    },
    "per_atom": True,
    "matrix": [row.tolist()],
    "offset": [-float(row @ cold) / len(crystal)],
    "form": "linear",
}  # fmt: skip
with open("order.json", "w") as file:
    json.dump(cv, file, indent=1)
