"""Atom-centred symmetry functions: family ``acsf`` of ``compute dbar``."""

from __future__ import annotations

from dbar.descriptors.density import DensityDescriptor

__all__ = ["ACSF"]


class ACSF(DensityDescriptor):
    r"""Atom-centred symmetry functions of Behler and Parrinello on a grid.

    .. math::
        G^2 &= \sum_j e^{-\eta (r_{ij} - R_s)^2} f_c(r_{ij}) \\
        G^3 &= 2^{1-\zeta} \sum_{j<k} (1 + \lambda \cos\theta_{jik})^\zeta \,
        e^{-\eta (r_{ij}^2 + r_{ik}^2 + r_{jk}^2)} f_c(r_{ij}) f_c(r_{ik}) f_c(r_{jk})

    with :math:`f_c = (1 + \cos(\pi r / r_c)) / 2` (J. Behler, J. Chem. Phys. 134, 074106 (2011)),
    and widths and shifts on a grid (G. Imbalzano et al., J. Chem. Phys. 148, 241730 (2018)): for
    N = grid, :math:`\eta_m = (N^{m/N} / r_c)^2` with :math:`R_s = 0`, m = 0 ... N;
    :math:`R_m = r_c / N^{m/N}` with :math:`\eta = (R_{m-1} - R_m)^{-2}`, m = 1 ... N; G^3 with
    those :math:`\eta_m`, :math:`\lambda = \pm 1` and each zeta. Each pair of neighbours counts
    once.

    Parameters
    ----------
    rcut : float
        Cutoff of all distances. Length unit of the positions.
    grid : int
        N, from 2 to 20.
    zeta : sequence of float, optional
        Sharpness in the angle, each from 1 to 256; 1 and 4 if not given. Whole numbers are faster.
    neighbors : sequence of str or int, optional
        Species whose neighbours count, as symbols of ``species`` or as their numbers from 1; all if
        not given.
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
    G^2 of each species of neighbour first, then G^3 of each pair of species. The time grows with
    the square of the number of neighbours.
    """

    _family = "acsf"

    def __init__(
        self,
        rcut,
        grid=5,
        zeta=None,
        neighbors=None,
        species=None,
        perspecies=False,
    ):
        self.grid = grid
        self.zeta = zeta
        self.neighbors = neighbors
        super().__init__(rcut, species, perspecies)
