import pytest

from nlpcli import settings
from nlpcli.errors import UsageError

OPTIONS = {"embed": {"device", "batch_tokens"}, "devices": {"device"}}
PROFILES = """
device = "cpu"
[embed]
batch-tokens = "64"
[profile.gpu]
device = "cuda"
[profile.gpu.embed]
batch-tokens = "128"
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    monkeypatch.setenv("NLPCLI_CONFIG", str(path))
    return path


def values(profile=None):
    return {
        command: {key: setting.value for key, setting in chosen.items()}
        for command, chosen in settings.read_config(OPTIONS, profile).items()
    }


def test_without_a_file_nothing_is_set(config, monkeypatch):
    monkeypatch.delenv("NLPCLI_CONFIG")
    monkeypatch.setattr(settings, "config_file", lambda: config)
    assert values() == {"embed": {}, "devices": {}}


def test_a_file_that_is_named_has_to_be_there(config):
    with pytest.raises(UsageError, match="config.toml, which NLPCLI_CONFIG names"):
        values()


def test_a_commands_table_stands_over_the_keys_at_the_top(config):
    config.write_text('device = "cpu"\n[embed]\ndevice = "mps"\nbatch-tokens = "64"\n')
    assert values() == {"embed": {"device": "mps", "batch_tokens": "64"}, "devices": {"device": "cpu"}}


def test_a_profile_stands_over_the_rest_of_the_file_when_it_is_asked_for(config):
    config.write_text(PROFILES)
    assert values() == {"embed": {"device": "cpu", "batch_tokens": "64"}, "devices": {"device": "cpu"}}
    assert values("gpu") == {"embed": {"device": "cuda", "batch_tokens": "128"}, "devices": {"device": "cuda"}}


def test_each_value_knows_where_it_stands(config):
    config.write_text(PROFILES)
    assert {key: setting.origin for key, setting in settings.read_config(OPTIONS, "gpu")["embed"].items()} == {
        "device": f"{config} [profile.gpu]",
        "batch_tokens": f"{config} [profile.gpu.embed]",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('devise = "cpu"', r'unknown key "devise" in .*config.toml; did you mean "device"\?'),
        ("[embde]", 'did you mean "embed"'),
        ("[devices]\nbatch_tokens = 1", r"table \[devices\]; known are: device"),
        ('[profile.gpu]\ndevise = "cpu"', r'table \[profile.gpu\]; did you mean "device"'),
        ("[profile.gpu.embed]\ndevise = 1", r'table \[profile.gpu.embed\]; did you mean "device"'),
        ("profile = 1", r"write \[profile.NAME\]"),
        ("profile.gpu = 1", r"write \[profile.NAME\]"),
        ("= =", "is not valid TOML"),
    ],
)
def test_what_nobody_reads_is_an_error_that_names_the_nearest(config, content, message):
    config.write_text(content)
    with pytest.raises(UsageError, match=message):
        settings.read_config(OPTIONS)


def test_a_profile_that_is_not_there_is_answered_with_those_that_are(config):
    config.touch()
    with pytest.raises(UsageError, match='no profile "gpu" in .*; it has: none'):
        settings.read_config(OPTIONS, "gpu")
    config.write_text(PROFILES)
    with pytest.raises(UsageError, match='did you mean "gpu"'):
        settings.read_config(OPTIONS, "gpuu")


def test_flag_over_environment_over_config_file(nlpcli, config):
    config.write_text('device = "mps"\n')
    from_file = nlpcli("devices")
    assert (from_file.returncode, b'no device "mps"' in from_file.stderr) == (1, True)
    from_environment = nlpcli("devices", NLPCLI_DEVICE="cuda:7")
    assert b'no device "cuda:7"' in from_environment.stderr
    assert nlpcli("devices", "--device", "cpu", NLPCLI_DEVICE="cuda:7").returncode == 0
