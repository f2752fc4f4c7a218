"""What descriptors of a density of neighbours have in common."""

from __future__ import annotations

from dbar.descriptors.base import GlobalDescriptor


class DensityDescriptor(GlobalDescriptor):
    """Species of ``neighbors`` may be symbols; labels show those of ``species``."""

    def _setting(self, key: str):
        value = super()._setting(key)
        if key != "neighbors" or value is None:
            return value
        several = [value] if isinstance(value, str | int) else list(value)
        species = self.species or []
        return [species.index(v) + 1 if v in species else v for v in several]

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
