"""Settings of the monitor: defaults, TOML, and errors that say what to mend."""

import pytest

from dbar.online import Monitor, MonitorConfig


def test_settings_from_a_file(tmp_path):
    path = tmp_path / "monitor.toml"
    path.write_text("latent_dim = 8\nfalse_alarm = 1e-3\nmemory = 40\nvirial = false\n")
    config = MonitorConfig.load(path)
    assert (config.latent_dim, config.false_alarm, config.memory) == (8, 1e-3, 40.0)
    assert config.n_bags == MonitorConfig().n_bags
    assert MonitorConfig.load(config) is config
    assert MonitorConfig.load("default") == MonitorConfig.load(None) == MonitorConfig()
    assert MonitorConfig.load(config.to_dict()) == config
    assert Monitor(str(path)).config == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latent_dims = 3", r"unknown monitor setting 'latent_dims' in .*known: seed, replica, .*"),
        ("latent_dim = 3.5", r"latent_dim = 3.5: expected an integer in \[1, 200\]"),
        ("latent_dim = true", r"latent_dim = True: expected an integer"),
        ("coverage = 0", r"coverage = 0: expected a number in \(0.0, 1.0\]"),
        ("coverage = nan", r"coverage = nan: expected a number"),
        ("false_alarm = '1e-2'", r"false_alarm = '1e-2': expected a number in \(0.0, 0.5\]"),
        ("seed = -1", r"seed = -1: expected an integer in \[0, "),
        ("virial = 1", r"virial = 1: expected true or false"),
        ("order = 9\nmin_snapshots = 12", r"min_snapshots = 12: expected at least 16 with order 9"),
        ("order = = 2", r"not a TOML file"),
    ],
)
def test_bad_settings_name_the_key_the_value_and_what_was_expected(tmp_path, text, message):
    path = tmp_path / "monitor.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        MonitorConfig.load(path)


def test_settings_of_a_wrong_kind_or_place(tmp_path):
    with pytest.raises(ValueError, match="settings are a int"):
        MonitorConfig.load(3)
    with pytest.raises(FileNotFoundError):
        MonitorConfig.load(tmp_path / "absent.toml")


def test_settings_given_elsewhere(tmp_path):
    path = tmp_path / "monitor.toml"
    path.write_text("persist = 2\nlatent_dim = 8\n")
    for source in (None, "default"):
        config = MonitorConfig.load(source, {"persist": 3, "reference": 25})
        assert config == MonitorConfig(persist=3, reference=25)
    assert MonitorConfig.load(path, {"reference": 30}) == MonitorConfig(
        persist=2, latent_dim=8, reference=30
    )
    assert MonitorConfig.load(path, {"persist": 2}) == MonitorConfig.load(path)
    assert MonitorConfig.load(MonitorConfig(), {"persist": 4}).persist == 4
    with pytest.raises(ValueError, match=r"keyword persist 3 contradicts .* persist = 2 in .*toml"):
        MonitorConfig.load(path, {"persist": 3})
    path.write_text("persist = true\n")  # equal to 1, but no number
    with pytest.raises(ValueError, match="persist = True: expected an integer"):
        MonitorConfig.load(path, {"persist": 1})


@pytest.mark.parametrize(
    ("settings", "first"),
    [({}, 25), ({"min_snapshots": 12}, 13), ({"order": 3}, 27)],
)
def test_a_reference_without_a_model_is_refused(settings, first):
    for reference in (0, first, first + 1):
        assert MonitorConfig(reference=reference, **settings).reference == reference
    for reference in (1, first - 1):
        with pytest.raises(ValueError, match=f"reference = {reference}: expected at least {first}"):
            MonitorConfig(reference=reference, **settings)
