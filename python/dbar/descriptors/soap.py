"""The smooth overlap of atomic positions: family ``soap`` of ``compute dbar``."""

from __future__ import annotations

from dbar.descriptors.density import DensityDescriptor

__all__ = ["SOAP"]


class SOAP(DensityDescriptor):
    r"""Invariants of the density of neighbours: the smooth overlap of atomic positions.

    From the coefficients :math:`c_{Qlm}` of the spherical expansion of each centre
    (`dbar.descriptors.Expansion`), with a channel Q = (a, n) for each species of neighbour and
    radial function,

    .. math::
        B_Q &= c_{Q00} \\
        B_{QQ'l} &= \sqrt{\frac{2 - \delta_{QQ'}}{2l+1}} \sum_m c_{Qlm} \, c_{Q'lm},
        \qquad Q \le Q' \\
        B_{Q_1 l_1, Q_2 l_2, Q_3 l_3} &= \frac{1}{\sqrt{2 l_3 + 1}} \sum_{m_1 m_2 m_3}
        C^{l_3 m_3}_{l_1 m_1 l_2 m_2} \, c_{Q_1 l_1 m_1} c_{Q_2 l_2 m_2} c_{Q_3 l_3 m_3},
        \qquad (l_1, Q_1) \le (l_2, Q_2) \le (l_3, Q_3)

    of order 1 (a radial distribution), order 2 (the power spectrum) and order 3 (the bispectrum of
    this density, with Clebsch-Gordan coefficients of real harmonics): what one can tell of the
    neighbours by looking at one, two, or three of them at a time. Scalar products of two vectors of
    order 2 are those of featomic's ``SoapPowerSpectrum`` (A. P. Bartok, R. Kondor, G. Csanyi,
    Phys. Rev. B 87, 184115 (2013); F. Musil et al., J. Chem. Phys. 154, 114109 (2021)).

    Parameters
    ----------
    rcut : float
        Cutoff for all pairs. Length unit of the positions.
    order : int
        1, 2 or 3.
    parity : str
        ``"even"``, or with order 3 ``"both"``: then components with an odd l1 + l2 + l3 are there
        too, which change their sign in the mirror.
    nmax : int, optional
        Number of radial functions, n = 0 ... nmax - 1; up to 12, with ``basis="dvr"`` up to 40.
        By default 4, or all that a basis file has.
    lmax : int, optional
        Largest angular momentum; up to 12. Of no effect with order 1. By default 3, or that of a
        basis file.
    basis : str, path or dict
        Radial functions: ``"gto"``, Gaussian-type orbitals; ``"dvr"``, values on nmax shells at
        Gauss-Legendre points of [0, rcut + 3 sigma]; or a file of ``dbar basis fit``, which is
        read here, or its content: functions that fit some data.
    sigma : float, optional
        Width of the Gaussian of a neighbour, from rcut / 100 to rcut (length). By default 0.5, or
        that of a basis file.
    width : float
        Neighbours fade out over this distance before the cutoff, by a cosine (length).
    center : float
        Weight of the Gaussian of the centre itself, in the channels of its species; 0 for none.
        With it order 2 contains order 1, as products with a constant.
    scale : sequence of three floats, optional
        C, R0, M: a neighbour at r counts C / (C + (r / R0)^M) (M. J. Willatt, F. Musil,
        M. Ceriotti, Phys. Chem. Chem. Phys. 20, 29661 (2018)); R0 in the length unit.
    neighbors : sequence of str or int, optional
        Species whose neighbours count, as symbols of ``species`` or as their numbers from 1; all if
        not given.
    accuracy : float
        Largest error of the splined radial functions and of their slopes, over their maximum.
    select : sequence of int or str, or path, optional
        Components that are kept: their numbers from 1 or their ``labels``, or a file of these, one
        a line; all if not given. The others cost nothing. They keep their order.
    species : sequence of str, optional
        Chemical symbols. If not given all atoms are of one species, whatever their symbols.
    perspecies : bool
        One block of components for the central atoms of each species, not one in all.

    Raises
    ------
    ValueError
        A value out of range; the message names the word, what was found and what was expected.
    """

    _family = "soap"

    def __init__(
        self,
        rcut,
        order=2,
        parity="even",
        nmax=None,
        lmax=None,
        basis="gto",
        sigma=None,
        width=0.5,
        center=0.0,
        scale=None,
        neighbors=None,
        accuracy=1e-10,
        select=None,
        species=None,
        perspecies=False,
    ):
        self.order = order
        self.parity = parity
        self.nmax = nmax
        self.lmax = lmax
        self.basis = basis
        self.sigma = sigma
        self.width = width
        self.center = center
        self.scale = scale
        self.neighbors = neighbors
        self.accuracy = accuracy
        self.select = select
        super().__init__(rcut, species, perspecies)
