"""What descriptors of a density of neighbours have in common."""

from __future__ import annotations

from dbar.descriptors.base import GlobalDescriptor
from dbar.descriptors.word_files import basis_word, component_names


class DensityDescriptor(GlobalDescriptor):
    """Species of ``neighbors`` may be symbols; labels show those of ``species``.

    Files are read once: what stands in them is kept, not their names.
    """

    def __init__(self, rcut, species, perspecies):
        if hasattr(self, "basis"):
            self.basis = basis_word(self.basis, species)
        if getattr(self, "select", None) is not None:
            self.select = component_names(self.select)
        super().__init__(rcut, species, perspecies)

    def _setting(self, key: str):
        value = super()._setting(key)
        if value is None:
            return value
        if key == "neighbors":
            several = [value] if isinstance(value, str | int) else list(value)
            return [self._number(v) for v in several]
        if key == "select":  # labels with symbols, as `labels` gives them, or with numbers
            return ";".join(",".join(str(self._number(w)) for w in v.split(",")) for v in value)
        return value

    def _number(self, species):
        """Return the number of a species from 1; anything else as it is."""
        known = self.species or []
        return known.index(species) + 1 if species in known else species

    def _names(self) -> list[str]:
        """Return the kernel's labels with symbols for the numbers of species."""
        names = super()._names()
        if self.species is None:
            return names
        # the numbers of species are the words without a letter in front
        return [
            ",".join(self.species[int(w) - 1] if w.isdigit() else w for w in name.split(","))
            for name in names
        ]
