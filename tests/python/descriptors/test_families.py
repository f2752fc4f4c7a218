"""The registry of the kernels is the only list of families and of their keywords."""

import inspect

import pytest

from dbar import _kernels
from dbar.descriptors import Bispectrum, Expansion
from dbar.descriptors.base import family_class
from dbar.descriptors.words import to_value

SHARED = ["rcut", "species", "perspecies"]


@pytest.mark.parametrize("family", _kernels.family_names())
def test_arguments_are_the_keywords_of_the_kernels(family):
    parameters = dict(inspect.signature(family_class(family)).parameters)
    for name in SHARED:
        del parameters[name]
    keywords = _kernels.families()[family]
    assert list(parameters) == list(keywords)
    for name, parameter in parameters.items():
        if parameter.default is not None:  # None leaves the kernels' default
            about = keywords[name]
            assert parameter.default == to_value(about["default"], about["kind"]), name


def test_classes_are_found_by_their_family():
    assert family_class("bso4") is Bispectrum and family_class("expansion") is Expansion
    with pytest.raises(ValueError, match="'bso5', expected one of: bso4, expansion"):
        family_class("bso5")


def test_a_class_without_a_family_in_the_kernels_is_refused():
    with pytest.raises(KeyError, match="nothing"):
        type("Nothing", (Bispectrum,), {"_family": "nothing"})
