from pathlib import Path

import pytest

from nlpcli.errors import UsageError
from nlpcli.records.remote.address import Address, is_remote, was_remote


@pytest.mark.parametrize(
    "name", ["a.txt", "C:/a", "c://a", "s3:/b/a", "/s3://b", "a b://c", "", "-", "~/a", "./s3://b"]
)
def test_a_path_of_this_machine_is_no_address(name):
    assert not is_remote(name)


def test_a_path_says_whether_it_was_an_address():
    assert was_remote(str(Path("s3://bucket/a")))
    assert not any(map(was_remote, ["s3:b", "a/s3:/b", "c:/a", "s3://b", "/s3:/b"]))


@pytest.mark.parametrize(
    ("name", "is_what"),
    [("S3://b/a", "s3://b/a"), ("s3a://b/a", "s3://b/a"), ("gcs://b/a", "gs://b/a"), ("abfs://b/a", "az://b/a")],
)
def test_a_store_has_several_names(name, is_what):
    assert str(Address.of(name)) == is_what


@pytest.mark.parametrize("name", ["ftp://h/a", "file:///a", "s3://", "https:///a", "gs:///a"])
def test_an_address_that_leads_nowhere_is_refused_in_a_line(name):
    with pytest.raises(UsageError) as refused:
        Address.of(name)
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("s3://b/d/a.csv.gz", ("a.csv.gz", ".gz", "s3://b/d")),
        ("https://h/d/a.csv?x=/b.txt", ("a.csv", ".csv", "https://h/d")),
        ("s3://b/d?/a#1.csv", ("a#1.csv", ".csv", "s3://b/d?")),
        ("s3://b", ("b", "", "s3://")),
    ],
)
def test_its_parts_are_told_by_the_text_alone(name, told):
    address = Address.of(name)
    assert (address.name, address.suffix, str(address.parent)) == told


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("s3://b/d/*.csv", "s3://b/d"),
        ("s3://b/d*/e/?.csv", "s3://b"),
        ("s3://b/d/", "s3://b/d"),
        ("https://h/a?b=[c]*", "https://h/a?b=[c]*"),
    ],
)
def test_a_pattern_has_a_folder_below_which_it_finds_files(name, root):
    assert str(Address.of(name).root) == root


@pytest.mark.parametrize("key", ["../a", "x/../../a", "x//a", "./a", "x/.", "x\\..\\a", "a\0", ""])
def test_a_key_that_would_lie_elsewhere_in_a_file_system_has_no_place_there(key):
    root = Address.of("s3://b/d")
    with pytest.raises(UsageError):
        Address.of(f"s3://b/d/{key}").relative_to(root)
    assert str(Address.of("s3://b/d/x/y..z").relative_to(root)) == "x/y..z"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("https://me:secret@h/a.txt?page=2", "https://h/a.txt?page=2"),
        ("https://h/a?X-Amz-Signature=1&X-Amz-Credential=2&page=2", "https://h/a?page=2"),
        ("https://h/a?sv=1&sig=2&se=3", "https://h/a"),
        ("https://h/a?access_token=1&Key-Pair-Id=2", "https://h/a"),
        ("s3://b/a@b?token=c", "s3://b/a@b?token=c"),
    ],
)
def test_secrets_of_an_address_are_not_shown(name, shown):
    assert Address.of(name).shown == shown


@pytest.mark.parametrize(
    "host",
    [
        "[x",
        "[::1",
        "a:port",
        "a:99999",
        "a:-1",
        "a b",
        "\x1b[31m",
        "a" * 70,
        "..",
        "\udc80",
        "\u2100",
        "\0",
        ":1",
        ":@",
    ],
)
@pytest.mark.parametrize("path", ["/x", "/x?key=1#a"])
def test_what_is_no_address_of_the_web_is_refused_and_shows_no_password(host, path):
    with pytest.raises(UsageError) as refused:
        Address.of(f"https://me:secret@{host}{path}")
    assert "secret" not in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "host", ["a", "a.example:8080", "[::1]:1", "me:p%40ss@a", "münchen.example", "127.0.0.1", "xn--a"]
)
def test_hosts_of_the_web_are_hosts(host):
    assert str(Address.of(f"http://{host}/x")) == f"http://{host}/x"
