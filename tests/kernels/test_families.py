"""What the kernels tell of their families of descriptors."""

import pytest

from dbar import _kernels

KINDS = {
    "integer",
    "number",
    "flag",
    "per_species",
    "species",
    "numbers",
    "word",
    "basis",
    "components",
}
FAMILIES = _kernels.families()


def test_there_is_one_list():
    assert list(FAMILIES) == _kernels.family_names()


@pytest.mark.parametrize("family", FAMILIES)
def test_keywords_are_those_of_the_settings(family):
    settings = _kernels.Kernel(family, 4.0, [], 1).settings()
    assert settings[:2] == [("family", family), ("rcut", "4")]
    assert settings[2:] == [(key, about["default"]) for key, about in FAMILIES[family].items()]
    assert {about["kind"] for about in FAMILIES[family].values()} <= KINDS


@pytest.mark.parametrize("family", FAMILIES)
def test_an_unknown_keyword_names_them(family):
    with pytest.raises(ValueError, match="expected one of: " + ", ".join(FAMILIES[family]) + "$"):
        _kernels.Kernel(family, 4.0, ["nosuchword"], 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_lists_have_a_value_for_each_species(family):
    settings = dict(_kernels.Kernel(family, 4.0, [], 3).settings())
    for key, about in FAMILIES[family].items():
        several = about["kind"] in ("per_species", "species")
        count = len(settings[key].split())
        assert count == 3 if several else count == 1 or about["kind"] == "numbers"
