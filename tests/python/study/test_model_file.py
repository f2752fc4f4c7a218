"""A model that was written and read again gives the same numbers."""

import json
import shutil

import h5py
import numpy as np
import pytest

from dbar.cli import main
from dbar.files.hdf5_digest import content_digest
from dbar.forecast import BandScale
from dbar.study import EnsembleModel, ModelFileError, load, save
from dbar.study.model_file import SCHEMA
from dbar.trajectory import write
from h5md_ensembles import run

KINDS = {"pe": "extensive", "press": "per-atom"}


def made(runs=5, order=2, coverage=0.3, prior="persistence", bags=6):
    trajs = [run(200 + k, 90, 100 + k)[0] for k in range(runs)]
    values = [np.column_stack([t.observables[n] for n in KINDS]) for t in trajs]
    model = EnsembleModel(KINDS, order, 4, bags, coverage, 3, prior, 0.5)
    model.fit([t.D for t in trajs], values)
    model.scale_ = BandScale([1, 5], np.random.default_rng(1).uniform(1, 2, (2, 8, 2)))
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"runs": 1},
        {"prior": None, "order": 1},
        {"prior": "evidence", "bags": 1, "coverage": 1.0},
    ],
)
def test_round_trip(settings, tmp_path):
    model = made(**settings)
    save(tmp_path / "m.h5", model, {"units": "metal", "list": [1, None]})
    other, about = load(tmp_path / "m.h5")
    assert about == {"units": "metal", "list": [1, None]}
    new, _ = run(999, 40)
    one = model.forecast(new.D, 12, 0.8, 20, epistemic=True, random_state=4)
    two = other.forecast(new.D, 12, 0.8, 20, epistemic=True, random_state=4)
    for name, a, b in zip(one._fields, one, two, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-12, err_msg=name)
    for a, b in zip(model.estimator_.predict(new.D), other.estimator_.predict(new.D), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)
    np.testing.assert_allclose(other.score(new.D), model.score(new.D), rtol=1e-12)
    assert (other.innovation_ is None) == (model.innovation_ is None) == ("runs" in settings)
    if model.innovation_ is not None:
        x = new.D[:, 1:] / new.D[:, :1]
        np.testing.assert_array_equal(other.innovation_.score(x), model.innovation_.score(x))
        assert other.innovation_.level_ == model.innovation_.level_
    assert other.kinds == KINDS and other.growth_ == model.growth_
    # it goes on learning as the original does
    y = model.latent(new.D)
    model.var_.partial_fit(y, replica=77)
    other.var_.partial_fit(y, replica=77)
    np.testing.assert_allclose(other.var_.coef_, model.var_.coef_, rtol=1e-9, atol=1e-12)


def test_data_in_another_file(tmp_path):
    path, other = tmp_path / "m.h5", tmp_path / "other.h5"
    for name in (path, other):
        save(name, made(), {})
    with h5py.File(path, "r+") as file:
        name = next(key for key in file["model"] if isinstance(file["model"][key], h5py.Group))
        del file[f"model/{name}"]
        file[f"model/{name}"] = h5py.ExternalLink("other.h5", f"model/{name}")
    with pytest.raises(ModelFileError, match=rf"m.h5: /model/{name} is a link to other.h5"):
        load(path)


def test_nothing_is_pickled(tmp_path):
    save(tmp_path / "m.h5", made(), {})
    kinds = []
    with h5py.File(tmp_path / "m.h5") as file:
        file.visititems(
            lambda _, item: (
                kinds.append(item.dtype.kind) if isinstance(item, h5py.Dataset) else None
            )
        )
    assert set(kinds) <= {"f", "i", "u", "O"} and kinds.count("O") == 1  # O: the text `about`


def test_what_is_not_a_model(tmp_path):
    with pytest.raises(ModelFileError, match=r"none\.h5: no such file, expected a model made by"):
        load(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(ModelFileError, match=r"text\.h5: not an HDF5 file"):
        load(tmp_path / "text.h5")
    write(tmp_path / "run.h5md", run(1)[0])
    with pytest.raises(ModelFileError, match=r"run\.h5md: is a run \(H5MD\), expected a model"):
        load(tmp_path / "run.h5md")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ModelFileError, match=r"other\.h5: is some other HDF5 file"):
        load(tmp_path / "other.h5")
    path = tmp_path / "m.h5"
    save(path, made(), {})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match=r"m\.h5: truncated or corrupt"):
        load(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        del file["model/var_/coef_"]
    with pytest.raises(
        ModelFileError, match=r"m\.h5: damaged: what it holds is not what `dbar fit`"
    ):
        load(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = SCHEMA + 1
        file.attrs["dbar_version"] = "9.9"
    message = rf"m\.h5: schema {SCHEMA + 1} \(written by dbar 9\.9\).*reads schema 1 to {SCHEMA}"
    with pytest.raises(ModelFileError, match=message):
        load(path)


def test_a_file_of_schema_1_is_read_and_its_rate_is_not_known(tmp_path):
    path = tmp_path / "m.h5"
    model = made()
    save(path, model, {})
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = 1
        for name in ("rate_", "rate_bound_", "effective_"):
            del file["model/innovation_"].attrs[name]
    old, _ = load(path)
    assert old.innovation_.level_ == model.innovation_.level_
    assert np.isnan(old.innovation_.rate_)


def test_one_changed_number_or_word_is_found(tmp_path):
    """HDF5 itself reads a file with a flipped bit without a word."""
    path = tmp_path / "m.h5"
    save(path, made(), {"units": "metal"})
    whole, places = path.read_bytes(), []
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: places.append(
                (name, None if isinstance(item, h5py.Dataset) else sorted(item.attrs))
            )
        )
    changed = 0
    for name, attributes in places:
        with h5py.File(path, "r+") as file:
            if attributes is None and file[name].dtype.kind == "f" and file[name].size:
                values = np.array(file[name][()])
                values.reshape(-1)[-1:].view(np.uint64)[:] ^= 1
                file[name][...] = values
            elif attributes:
                file[name].attrs[attributes[-1]] = "other"
            else:
                continue
        changed += 1
        with pytest.raises(ModelFileError, match=r"m\.h5: damaged"):
            load(path)
        path.write_bytes(whole)
    assert changed > 20
    load(path)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    save(tmp_path / "m.h5", made(), {"version": 1})
    with pytest.raises(TypeError):
        save(tmp_path / "m.h5", made(), {"version": object()})
    assert load(tmp_path / "m.h5")[1] == {"version": 1}
    assert list(tmp_path.iterdir()) == [tmp_path / "m.h5"]
    with pytest.raises(ModelFileError, match=r"/proc/m\.h5: cannot be written"):
        save("/proc/m.h5", made(), {})


def test_band_scale_is_the_quantile_of_the_errors():
    """Ratios from a t distribution with 3 degrees of freedom: the factor is its quantile (3 %)."""
    from scipy.stats import t

    rng = np.random.default_rng(11)
    ratios = [np.abs(rng.standard_t(3, (5000, 2, 1))) for _ in range(8)]
    scale = BandScale.from_errors([1, 10], ratios)
    for level in (0.5, 0.9, 0.95):
        assert scale.factors([1, 4, 10], level, 1) == pytest.approx(
            t.ppf(0.5 + level / 2, 3), rel=0.03
        )
    assert BandScale().factors([3], 0.9, 2) == pytest.approx(1.6449, abs=1e-4)
    ratios[0][:, 1] = np.nan  # a run that ended before
    assert np.isfinite(BandScale.from_errors([1, 10], ratios).table).all()


BAD = [{}, [], "", None, -1.5, "x"]
KEYS = [
    "descriptor",
    "units",
    "dtau",
    "components",
    "checked_horizon",
    "runs",
    "unstable",
    "masses",
]
KEYS += ["atoms", "sampling"]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("given")
    for k in range(3):
        write(folder / f"{k}.h5md", run(200 + k, 90, 100 + k)[0])
    files = [str(folder / f"{k}.h5md") for k in range(3)]
    assert main(["fit", *files, "-o", str(folder / "m.h5")]) == 0
    return folder


def say(path, about):
    with h5py.File(path, "r+") as file:
        del file["about"]
        file.create_dataset("about", data=about, dtype=h5py.string_dtype())
        seal(file)


def seal(file):
    """Make a file of a changed content one that was written so."""
    file.attrs["content_sha256"] = content_digest(file, "content_sha256")


@pytest.mark.parametrize("text", ["{}", "[]", "null", "3", "", "[" * 10**5], ids=lambda t: t[:9])
def test_a_header_that_says_nothing(given, tmp_path, text, capsys):
    path = shutil.copy(given / "m.h5", tmp_path)
    say(path, text)
    assert main(["forecast", str(path), str(given / "0.h5md"), "--steps", "3"]) == 1
    assert "m.h5: about" in capsys.readouterr().err


@pytest.mark.parametrize("key", KEYS)
def test_a_header_with_a_value_of_another_kind(given, tmp_path, key, capsys):
    path = shutil.copy(given / "m.h5", tmp_path)
    with h5py.File(path) as file:
        good = json.loads(file["about"].asstr()[()])
    for value in BAD:
        say(path, json.dumps({**good, key: value}))
        main(["forecast", str(path), str(given / "0.h5md"), "--steps", "3"])
    say(path, json.dumps({k: v for k, v in good.items() if k != key}))
    main(["forecast", str(path), str(given / "0.h5md"), "--steps", "3"])
    capsys.readouterr()


def test_a_model_that_declares_more_than_it_holds(given, tmp_path):
    path = shutil.copy(given / "m.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        del file["model/joint_mean_"]
        file.create_dataset("model/joint_mean_", (10**11,), "f8", chunks=(1024,))
    with pytest.raises(ModelFileError, match=r"m\.h5: /model/joint_mean_ makes it .* GiB"):
        load(path)


def test_a_part_that_is_another_one(given, tmp_path):
    path = shutil.copy(given / "m.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        file["model"].attrs["kind"] = "Latent"
        for name in ("shift", "basis", "variance"):
            file[f"model/{name}"] = np.ones(3)
        seal(file)
    with pytest.raises(ModelFileError, match=r"m\.h5: holds a Latent, expected an EnsembleModel"):
        load(path)
