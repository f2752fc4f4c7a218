"""The angular Fourier series: family ``afs`` of ``compute dbar``."""

from __future__ import annotations

from dbar.descriptors.base import GlobalDescriptor

__all__ = ["AFS"]


class AFS(GlobalDescriptor):
    r"""Angular Fourier series: pairs of neighbours by distance and by multiples of their angle.

    .. math::
        A_{nl} = \sum_{k, k'} w_k w_{k'} \, g_n(r_k) \, g_n(r_{k'}) \, f(r_k) f(r_{k'}) \,
        \cos(l \theta_{kk'}), \qquad n = 1 \dots n_{max}, \; l = 0 \dots l_{max}

    over the neighbours k, k' of a centre (A. P. Bartok, R. Kondor, G. Csanyi, Phys. Rev. B 87,
    184115 (2013); C. Lapointe et al., Phys. Rev. Materials 4, 063802 (2020)). The time is linear in
    the number of neighbours: :math:`\cos(l\theta)` is a sum of Legendre polynomials, and these are
    scalar products of spherical harmonics.

    Parameters
    ----------
    rcut : float
        Cutoff for all pairs. Length unit of the positions.
    nmax : int
        Number of radial functions; up to 24, with ``radial="loewdin"`` up to 10.
    lmax : int
        Largest multiple of the angle; up to 12.
    radial : str
        ``"jacobi"``: :math:`g_n = \sqrt{(2n+5)/r_c}\, y^3 P^{(0,6)}_{n-1}(2y-1)`,
        :math:`y = 1 - r/r_c`. ``"loewdin"``: :math:`g = S^{-1/2} \phi` with
        :math:`\phi_a = \sqrt{2a+5}\, r_c^{-(a+5/2)} (r_c - r)^{a+2}` and their overlaps S. Both are
        orthonormal in dr, and span the same functions.
    switch : bool
        Whether f = (1 + cos(pi r / rcut)) / 2, or 1: all g vanish like y^3 at the cutoff anyway.
    selfpairs : bool
        Whether a neighbour makes a pair with itself. If not, each pair of different neighbours
        counts once, k < k'.
    weight : sequence of float, optional
        Weight w of each species as a neighbour; 1 if not given.
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
    A neighbour at the very place of the centre has no direction: it counts as if it made a right
    angle with all others in l = 0 alone.
    """

    _family = "afs"

    def __init__(
        self,
        rcut,
        nmax=8,
        lmax=6,
        radial="jacobi",
        switch=True,
        selfpairs=True,
        weight=None,
        species=None,
        perspecies=False,
    ):
        self.nmax = nmax
        self.lmax = lmax
        self.radial = radial
        self.switch = switch
        self.selfpairs = selfpairs
        self.weight = weight
        super().__init__(rcut, species, perspecies)
