"""Global descriptors of atomic configurations, offline.

The numbers are those of the LAMMPS command ``compute dbar``: the same kernels run here on an
:class:`ase.Atoms`, with neighbour lists by ``vesin``.
"""

from __future__ import annotations

from dbar.descriptors.base import GlobalDescriptor

__all__ = ["Bispectrum", "Expansion"]


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
    _keywords = ("twojmax", "rfac0", "rmin0", "switch", "bzero", "diagonal", "radius", "weight")

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


class Expansion(GlobalDescriptor):
    r"""Equivariant sums of the spherical expansion of the density of neighbours.

    .. math::
        c_{a n l m} = \sum_i \sum_{j \in a} f_c(r) \, I_{nl}(r) \, Y_{lm}(\mathbf r / r),
        \qquad \mathbf r = \mathbf x_j - \mathbf x_i,

    over the neighbours j of species a: the density of Gaussians
    :math:`(\pi\sigma^2)^{-3/4} e^{-|\mathbf x|^2 / 2\sigma^2}` at the neighbours, projected on real
    orthonormal harmonics :math:`Y_{lm}` (m = -l ... l, no sign :math:`(-1)^m`, so that l = 1 is
    y, z, x) and on orthonormalised Gaussian-type orbitals
    :math:`x^n e^{-x^2 / 2\sigma_n^2}`, :math:`\sigma_n = r_c \max(\sqrt n, 1) / n_{max}`
    (F. Musil et al., J. Chem. Phys. 154, 114109 (2021), section II and appendix A). The numbers are
    those of featomic's ``SphericalExpansion`` with ``center_atom_weight=0``, summed over the atoms.

    Parameters
    ----------
    rcut : float
        Cutoff for all pairs. Length unit of the positions.
    nmax : int
        Number of radial functions, n = 0 ... nmax - 1; up to 12.
    lmax : int
        Largest angular momentum; up to 12.
    sigma : float
        Width of the Gaussian of a neighbour, from rcut / 100 to rcut (length).
    width : float
        Neighbours fade out over this distance before the cutoff, by a cosine (length).
    neighbors : sequence of str or int, optional
        Species whose neighbours are expanded, as symbols of ``species`` or as their numbers
        from 1; all if not given.
    accuracy : float
        Largest error of the splined radial functions and of their slopes, over their maximum.
    species : sequence of str, optional
        Chemical symbols. If not given all atoms are of one species, whatever their symbols.
    perspecies : bool
        One block of components for the central atoms of each species, not one in all.

    Raises
    ------
    ValueError
        A value out of range; the message names the word, what was found and what was expected.

    Notes
    -----
    The components are not invariant: under a rotation those of one (a, n, l) mix as the
    :math:`Y_{lm}` do, and the norm over m stays. ``V`` of :meth:`compute` is the derivative with
    respect to a symmetric strain.
    """

    _family = "expansion"
    _keywords = ("nmax", "lmax", "sigma", "width", "neighbors", "accuracy")

    def __init__(
        self,
        rcut,
        nmax=4,
        lmax=3,
        sigma=0.5,
        width=0.5,
        neighbors=None,
        accuracy=1e-10,
        species=None,
        perspecies=False,
    ):
        self.nmax = nmax
        self.lmax = lmax
        self.sigma = sigma
        self.width = width
        self.neighbors = neighbors
        self.accuracy = accuracy
        super().__init__(rcut, species, perspecies)

    def _setting(self, key: str):
        value = super()._setting(key)
        if key != "neighbors" or value is None:
            return value
        several = [value] if isinstance(value, str | int) else list(value)
        species = self.species or []
        return [species.index(v) + 1 if v in species else v for v in several]

    def _names(self) -> list[str]:
        if self.species is None:
            return super()._names()
        split = (name.partition(",") for name in super()._names())
        return [f"{self.species[int(a) - 1]},{rest}" for a, _, rest in split]
