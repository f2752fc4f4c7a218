"""The spherical expansion: family ``expansion`` of ``compute dbar``."""

from __future__ import annotations

from dbar.descriptors.density import DensityDescriptor

__all__ = ["Expansion"]


class Expansion(DensityDescriptor):
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
    nmax : int, optional
        Number of radial functions, n = 0 ... nmax - 1; up to 12, with ``basis="dvr"`` up to 40.
        By default 4, or all that a basis file has.
    lmax : int, optional
        Largest angular momentum; up to 12. By default 3, or that of a basis file.
    basis : str, path or dict
        Radial functions: ``"gto"``, Gaussian-type orbitals; ``"dvr"``, values on nmax shells at
        Gauss-Legendre points of [0, rcut + 3 sigma]; or a file of ``dbar basis fit``, which is
        read here, or its content: functions that fit some data.
    sigma : float, optional
        Width of the Gaussian of a neighbour, from rcut / 100 to rcut (length). By default 0.5, or
        that of a basis file.
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

    def __init__(
        self,
        rcut,
        nmax=None,
        lmax=None,
        basis="gto",
        sigma=None,
        width=0.5,
        neighbors=None,
        accuracy=1e-10,
        species=None,
        perspecies=False,
    ):
        self.nmax = nmax
        self.lmax = lmax
        self.basis = basis
        self.sigma = sigma
        self.width = width
        self.neighbors = neighbors
        self.accuracy = accuracy
        super().__init__(rcut, species, perspecies)
