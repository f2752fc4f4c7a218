"""What a descriptor says of itself is what it computes, whatever was done to its arguments."""

import copy
import pickle

import numpy as np
import pytest
from ase.build import bulk
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from dbar.descriptors import ACSF, AFS, SOAP, Bispectrum, Expansion
from dbar.descriptors.command import CommandDescriptor

ATOMS = bulk("Al", "fcc", 4.05, cubic=True)


def command():
    return CommandDescriptor("bso4", 4.7, {"twojmax": "4"}, ["Al", "Ni"])


ALL = {
    "bso4": lambda: Bispectrum(4.7, twojmax=4, species=["Al", "Ni"], radius=[0.5, 0.4]),
    "expansion": lambda: Expansion(4.7, species=["Al", "Ni"], neighbors=["Al"]),
    "soap": lambda: SOAP(4.7, nmax=2, scale=[1.0, 2.0, 3.0], species=["Al", "Ni"]),
    "afs": lambda: AFS(4.7, nmax=2, selfpairs=False, weight=[1.0, 0.5], species=["Al", "Ni"]),
    "acsf": lambda: ACSF(4.7, grid=3, zeta=[2.0], species=["Al", "Ni"], neighbors="Al"),
    "command": command,
}


def same(a, b):
    assert repr(a) == repr(b) and a.settings() == b.settings()
    assert (a.compute(ATOMS)[0] == b.compute(ATOMS)[0]).all()


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_value_that_is_set_changes_the_numbers_too(make):
    descriptor, other = make(), make().set_params(rcut=5.5)
    descriptor.rcut = 5.5
    same(descriptor, other)
    same(pickle.loads(pickle.dumps(descriptor)), other)
    assert (descriptor.compute(ATOMS)[0] != make().compute(ATOMS)[0]).any()


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize("bad", [{"rcut": -1.0}, {"rcut": "far"}, {"species": []}])
def test_a_refused_value_leaves_the_descriptor_as_it_was(make, bad):
    descriptor = make()
    with pytest.raises(ValueError, match=r"Rcut|species"):
        descriptor.set_params(**bad)
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=r"Rcut|species"):
        setattr(descriptor, name, value)
    with pytest.raises(ValueError, match=r"Rcut|species"):
        descriptor.set_params(perspecies=True, **bad)
    same(descriptor, make())


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_scikit_learn_clones_it(make):
    same(clone(make()), make())
    pipe = clone(make_pipeline(FunctionTransformer(kw_args={"with": make()})))
    same(pipe[0].kw_args["with"], make())
    same(copy.deepcopy(make()), make())


def test_arguments_that_change_later_change_nothing():
    species, radius, words = ["Al", "Ni"], np.array([0.5, 0.4]), {"twojmax": "4"}
    one = Bispectrum(4.7, twojmax=4, species=species, radius=radius)
    other = CommandDescriptor("bso4", 4.7, words, species)
    before = [repr(each) for each in (one, other)]
    species[0], radius[0], words["twojmax"] = "Cu", 0.3, "8"
    one.get_params()["species"][0] = one.settings()["species"][0] = "Cu"
    other.get_params()["words"]["twojmax"] = "8"
    assert [repr(each) for each in (one, other)] == before
    same(one, ALL["bso4"]())


def test_lists_are_not_changed_in_place():
    one, other = ALL["bso4"](), command()
    with pytest.raises(TypeError):
        one.species[0] = "Cu"
    with pytest.raises(TypeError):
        one.radius[0] = 0.1
    with pytest.raises(TypeError):
        other.words["twojmax"] = "8"


def test_one_text_is_no_list_of_species():
    with pytest.raises(ValueError, match="species: found 'Al', expected a list"):
        Bispectrum(4.7, species="Al")
