"""Teach a model the vibrational entropy of copper with two vacancies: writes entropy.json."""

from ase.build import bulk

from dbar.descriptors import AFS
from dbar.entropy import EntropyModel, ReferenceCalculator

TEMPERATURE = 1000.0  # K
MORSE = ("morse 5.4", "* * 0.3429 1.3588 2.866")
SIZE = 3


def holed(*sites):
    """The crystal without some of its atoms."""
    atoms = bulk("Cu", cubic=True, a=3.615) * (SIZE, SIZE, SIZE)
    return atoms[[k for k in range(len(atoms)) if k not in sites]]


# a second vacancy in each shell of neighbours of the first, as far as the cell goes
crystal = holed()
shells = {round(crystal.get_distance(0, k, mic=True), 3): k for k in range(1, len(crystal))}
pairs = [holed(0, k) for _, k in sorted(shells.items())]

options = dict(temperature=TEMPERATURE, species=["Cu"], relax=True)
with ReferenceCalculator(*MORSE, **options) as calculator:
    perfect = calculator(crystal, "crystal")
    found = [calculator(atoms, f"pair {k}") for k, atoms in enumerate(pairs)]

model = EntropyModel(AFS(5.0, nmax=4, lmax=3, species=["Cu"]))
bulks = (perfect.atoms, perfect.entropy)
model.fit([one.atoms for one in found], [one.entropy for one in found], bulks, TEMPERATURE)
model.export("entropy.json", comment="copper (Morse) with two vacancies")
print(f"learnt from {len(found)} cells with two vacancies; noise {model.weights_.noise:.2f} k_B")
