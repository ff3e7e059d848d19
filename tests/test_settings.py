import pytest

from nlpcli import settings
from nlpcli.errors import UsageError

OPTIONS = {"embed": {"device", "batch_tokens"}, "devices": {"device"}}


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    monkeypatch.setenv("NLPCLI_CONFIG", str(path))
    return path


def test_a_commands_table_stands_over_the_keys_at_the_top(config):
    config.write_text('device = "cpu"\n[embed]\ndevice = "mps"\nbatch-tokens = "64"\n')
    assert settings.read_config(OPTIONS) == {
        "embed": {"device": "mps", "batch_tokens": "64"},
        "devices": {"device": "cpu"},
    }


def test_an_unknown_key_is_answered_with_the_nearest_name(config):
    config.write_text('devise = "cpu"\n')
    with pytest.raises(UsageError, match='did you mean "device"'):
        settings.read_config(OPTIONS)


def test_flag_over_environment_over_config_file(nlpcli, config):
    config.write_text('device = "mps"\n')
    from_file = nlpcli("devices")
    assert (from_file.returncode, b'no device "mps"' in from_file.stderr) == (1, True)
    from_environment = nlpcli("devices", NLPCLI_DEVICE="cuda:7")
    assert b'no device "cuda:7"' in from_environment.stderr
    assert nlpcli("devices", "--device", "cpu", NLPCLI_DEVICE="cuda:7").returncode == 0
