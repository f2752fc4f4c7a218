"""Any family of descriptors from the words of `compute dbar`, as files keep them."""

from __future__ import annotations

from dbar import _kernels
from dbar.descriptors.base import GlobalDescriptor
from dbar.descriptors.word_files import basis_word, component_names
from dbar.descriptors.words import keywords, shown

__all__ = [
    "CommandDescriptor",
    "command_settings",
    "difference",
    "expanded",
    "n_components",
    "settings_of_line",
]


class CommandDescriptor(GlobalDescriptor):
    """Any family of descriptors, from the words of ``compute dbar``.

    Parameters
    ----------
    family : str
    rcut : float
        Rcut of the command, in the length unit of the positions.
    words : dict of str to str
        Words of the family and their values.
    species : sequence of str, optional
        Chemical symbol of each LAMMPS type. Without it all atoms are of one species.
    perspecies : bool

    Raises
    ------
    ValueError
        As the command: the message names the word, what was found and what was expected.
    """

    def __init__(self, family, rcut, words, species=None, perspecies=False):
        self.family, self.words = family, dict(words)
        self._family = family
        super().__init__(rcut, species, perspecies)
        self._kernel = _kernel(family, rcut, self.words, self.n_species)


def command_settings(source) -> dict:
    """Settings of a descriptor in the words of ``compute dbar``.

    Parameters
    ----------
    source : dbar descriptor, Trajectory or dict
        A dict has the keys ``family, rcut, words, ntypes, perspecies``; others are left out.

    Returns
    -------
    dict
        With these five keys, every word of the family with its canonical value.

    Raises
    ------
    ValueError
        If a key is missing or the kernels refuse a word.
    """
    if hasattr(source, "command_settings"):
        return source.command_settings()
    found = getattr(source, "parameters", {}).get("descriptor") if hasattr(source, "D") else source
    if not isinstance(found, dict):
        raise ValueError(
            f"descriptor: found {type(source).__name__} without settings, expected a descriptor, a "
            "trajectory written by fix dbar/stream, or their dict"
        )
    for key, kind in (("family", str), ("rcut", float), ("words", dict), ("ntypes", int)):
        value = found.get(key)
        good = (int, float) if kind is float else kind
        if not isinstance(value, good) or isinstance(value, bool):
            raise ValueError(f"descriptor {key}: found {value!r}, expected {kind.__name__}")
    if not isinstance(found.get("perspecies"), bool):
        raise ValueError(
            f"descriptor perspecies: found {found.get('perspecies')!r}, expected true or false"
        )
    for word, value in found["words"].items():
        if not isinstance(value, str):
            raise ValueError(f"descriptor word {word}: found {value!r}, expected text")
    if not 1 <= found["ntypes"] <= 10**6:
        raise ValueError(f"descriptor ntypes: found {found['ntypes']}, expected 1 to 1000000")
    family, rcut, ntypes = found["family"], _length(found["rcut"]), found["ntypes"]
    kernel = _kernel(family, rcut, found["words"], ntypes)
    return {
        "family": family,
        "rcut": rcut,
        "words": dict(kernel.settings()),
        "ntypes": ntypes,
        "perspecies": found["perspecies"],
    }


def settings_of_line(line: str, species=None) -> dict:
    """Settings of a descriptor from what follows the style in ``compute ID group dbar``.

    Parameters
    ----------
    line : str
        ``FAMILY Rcut keyword value ...``; files that words name are read.
    species : list of str, optional
        Chemical symbol of each LAMMPS type. Without it there is one type.

    Raises
    ------
    ValueError
        Naming the word, what was found and what was expected.
    """
    family, rcut, *rest = [*line.split(), "", ""][: max(2, len(line.split()))]
    try:
        cutoff = float(rcut)
    except ValueError:
        raise ValueError(
            f"descriptor: found {shown(line)!r}, expected FAMILY Rcut keyword value ..."
        ) from None
    ntypes = len(species) if species else 1
    known = keywords(family) if family in _kernels.families() else {}
    rest, perspecies = _perspecies(rest)
    for k, word in enumerate(rest[:-1]):
        kind = known.get(word, {}).get("kind")
        if kind == "basis":
            rest[k + 1] = basis_word(rest[k + 1], list(species) if species else None)
        elif kind == "components":
            rest[k + 1] = ";".join(component_names(rest[k + 1]))
    kernel = _kernels.Kernel(family, cutoff, rest, ntypes)
    settings = {"family": family, "rcut": cutoff, "words": dict(kernel.settings())}
    return {**settings, "ntypes": ntypes, "perspecies": perspecies}


def _perspecies(words):
    """Words without those that are none of the family's, and what they say."""
    if "perspecies" not in words:
        return words, False
    k = words.index("perspecies")
    value = " ".join(words[k + 1 : k + 2])
    if value not in ("yes", "no"):
        raise ValueError(f"perspecies: found {value!r}, expected yes or no")
    return words[:k] + words[k + 2 :], value == "yes"


def expanded(settings: dict, species=None) -> CommandDescriptor:
    """Make the descriptor of `settings`; `species` holds the symbol of each type.

    Raises
    ------
    ValueError
        With several types and no, or another number of, `species`.
    """
    ntypes = settings["ntypes"]
    if species is None and ntypes > 1:
        raise ValueError(
            f"species: the descriptor tells {ntypes} types apart; expected their chemical symbols"
        )
    if species is not None and len(species) != ntypes:
        raise ValueError(f"species: found {list(species)}, expected one of each of {ntypes} types")
    words = settings["words"]
    return CommandDescriptor(
        settings["family"], settings["rcut"], words, species, settings["perspecies"]
    )


def n_components(settings: dict) -> int:
    """Length K of the vector of sums, the count left out."""
    kernel = _kernel(settings["family"], settings["rcut"], settings["words"], settings["ntypes"])
    return kernel.size * (settings["ntypes"] if settings["perspecies"] else 1)


def difference(a: dict, b: dict) -> str:
    """First setting in which two descriptors differ, "" if they are the same."""
    for key in ("family", "rcut", "ntypes", "perspecies"):
        if a[key] != b[key]:
            return f"{key} {a[key]} and {b[key]}"
    for word, value in a["words"].items():
        if b["words"].get(word) != value:
            return f"{word} {shown(value)} and {shown(b['words'].get(word))}"
    return ""


def _length(value):
    try:
        return float(value)
    except OverflowError:  # an integer of 400 digits
        raise ValueError(f"descriptor rcut: found {value}, expected a length") from None


def _kernel(family, rcut, words, ntypes):
    listed = []
    for word, value in words.items():
        if word not in ("family", "rcut"):  # the command has these outside the words
            listed += [word, *value.split()]
    return _kernels.Kernel(family, float(rcut), listed, ntypes)
