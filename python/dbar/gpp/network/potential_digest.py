"""Whether a network has learnt this potential."""

from __future__ import annotations

import hashlib

from dbar.gpp.potential import Potential

__all__ = ["potential_digest"]


def potential_digest(potential: Potential) -> str:
    """16 hexadecimal digits of the form and of the content of the file."""
    content = potential.path.read_bytes()
    return hashlib.sha256(potential.form.encode() + b"\n" + content).hexdigest()[:16]
