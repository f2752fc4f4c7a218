"""The bispectrum of SNAP: family ``bso4`` of ``compute dbar``."""

from __future__ import annotations

from dbar.descriptors.base import GlobalDescriptor

__all__ = ["Bispectrum"]


class Bispectrum(GlobalDescriptor):
    r"""SO(4) bispectrum components in the convention of SNAP.

    The density of neighbours of an atom is expanded in the matrices :math:`U^j` of rotations of
    the three-sphere, the radius being the third angle; the components are
    :math:`B_{j_1 j_2 j} = \langle U_j, (U_{j_1} \otimes U_{j_2})_j \rangle`
    (A. P. Thompson et al., J. Comput. Phys. 285, 316 (2015), equations 5 to 7).

    Parameters
    ----------
    rcut : float
        Scale of the cutoffs: a pair of species i, j counts within ``rcut * (R_i + R_j)``.
        Length unit of the positions.
    twojmax : int
        Twice the largest angular momentum; 8 gives 55 components.
    rfac0 : float
        Largest angle in units of pi, above 0 and up to 1.
    rmin0 : float
        Radius of angle zero.
    switch : bool
        Weight neighbours by the cosine that falls to zero at the cutoff.
    bzero : bool
        Subtract the value of an isolated atom.
    diagonal : bool
        Only the components with j1 = j2 and every j that they couple to.
    radius : float or sequence of float, optional
        R of each species; 0.5 if not given.
    weight : float or sequence of float, optional
        Weight of each species as a neighbour; 1 if not given.
    species : sequence of str, optional
        Chemical symbols in the order of ``radius`` and ``weight``. If not given all atoms are
        of one species, whatever their symbols.
    perspecies : bool
        One block of components for the central atoms of each species, not one in all.

    Raises
    ------
    ValueError
        A value out of range; the message names the word, what was found and what was expected.
    """

    _family = "bso4"

    def __init__(
        self,
        rcut,
        twojmax=8,
        rfac0=0.99363,
        rmin0=0.0,
        switch=True,
        bzero=False,
        diagonal=False,
        radius=None,
        weight=None,
        species=None,
        perspecies=False,
    ):
        self.twojmax = twojmax
        self.rfac0 = rfac0
        self.rmin0 = rmin0
        self.switch = switch
        self.bzero = bzero
        self.diagonal = diagonal
        self.radius = radius
        self.weight = weight
        super().__init__(rcut, species, perspecies)
