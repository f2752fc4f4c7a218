"""A radial basis from configurations in one call."""

from __future__ import annotations

from collections.abc import Iterable

from dbar.basis.fit import BasisFit
from dbar.basis.optimal import OptimalBasis
from dbar.basis.properties import property_of

__all__ = ["optimal_basis"]


def optimal_basis(
    frames,
    primitive,
    qmax=None,
    residual_variance=None,
    mixed=False,
    per_centre=False,
    targets=None,
    mixing=0.1,
    progress=False,
) -> OptimalBasis:
    """Fit a radial basis to configurations.

    Parameters
    ----------
    frames : ase.Atoms or iterable of ase.Atoms
        Every atom of every one is an environment. They are taken one after the other and not kept.
    primitive : dbar.descriptors.Expansion
        The expansion whose radial functions are contracted.
    qmax : int, optional
        Number of functions of each l: of each species of neighbours, with `mixed` of all together.
    residual_variance : float, optional
        Instead of `qmax`: the smallest number that leaves out at most this in each block.
    mixed, per_centre : bool
        See `dbar.basis.BasisFit`.
    targets : str or iterable, optional
        A property that the functions of l = 0 are to see: for each frame one number, as a mean over
        its atoms, or an array (n,) of one for each atom; or the name of a property that the frames
        carry, as ``"energy_per_atom"`` (`dbar.basis.properties.property_of`).
    mixing : float
        Weight of the variance where there are targets, see `dbar.basis.BasisFit`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    OptimalBasis

    Raises
    ------
    ValueError
        Whatever `dbar.basis.BasisFit` refuses; of a frame the message has its number, from 0.
    """
    fit = BasisFit(primitive, mixed, per_centre)
    fit.check_size(qmax, residual_variance)
    frames = [frames] if hasattr(frames, "get_positions") else frames
    named = isinstance(targets, str)
    given = None if named or targets is None else iter(targets)
    k = -1
    for k, atoms in enumerate(_track(frames, progress)):
        try:
            target = property_of(atoms, targets) if named else None
            if given is not None:
                target = next(given, None)
                if target is None:
                    raise ValueError("targets: found no more, expected one for each frame")
            fit.add(atoms, target)
        except ValueError as error:
            raise ValueError(f"frame {k}: {error}") from None
    if given is not None and next(given, None) is not None:
        raise ValueError(f"targets: found more than {k + 1}, expected one for each frame")
    return fit.basis(qmax, residual_variance, mixing)


def _track(frames: Iterable, show: bool) -> Iterable:
    if not show:
        return frames
    from rich.progress import track

    return track(frames, description="environments")
