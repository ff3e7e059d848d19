"""Answers of a hub, looked at before anything of them becomes a path."""

import httpx
import pytest

from nlpcli.errors import IntegrityError, SourceUnreachable
from nlpcli.models.sources.hub_client import _Watch, check_name, watched_hub

SHA, SHA256, MD5 = "0" * 40, "0" * 64, "0" * 32
HUB = "https://hub.example"
FILE, API = f"{HUB}/owner/tiny/resolve/main/a", f"{HUB}/api/models/owner/tiny"


def answer(url=API, method="GET", status=200, headers=(), **content):
    response = httpx.Response(status, headers=dict(headers), request=httpx.Request(method, url), **content)
    _Watch()(response)


@pytest.mark.parametrize(
    "name",
    ["a", "a/b.json", "..a", "a..b", ".hidden", "é 水", "ab:c", "-x", "~", "a/./b", "console.json", "a/nulls", "com10"],
)
def test_a_name_within_a_repository_is_one(name):
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "//host/a",
        "..",
        "../a",
        "a/../b",
        "a/..",
        "a\\b",
        "C:a",
        "c:/a",
        "a\0",
        "a\nb",
        "\x1b[31m",
        "\x7f",
        "\ud800",
        "nul",
        "a/CON.json",
        "aux .b/c",
        "a/com1",
        "a./b",
        "a ",
        None,
        3,
        [],
    ],
)
def test_a_name_that_leads_out_or_is_none_is_refused(name):
    with pytest.raises(IntegrityError, match="no place in a repository; nothing was kept"):
        check_name(name)


ETAGS = {
    SHA: True, SHA256: True, MD5: True, f"W/{SHA}": True, f"{MD5}-12": True, f"{MD5}-1234567": False, "0" * 31: False,
    "0" * 129: False, "../x": False, "/tmp/x": False, "x" * 40: False, "": False, f"{SHA}/..": False, SHA + "\n": False,
}  # fmt: skip


@pytest.mark.parametrize(("etag", "is_one"), ETAGS.items())
@pytest.mark.parametrize("header", ["ETag", "X-Linked-Etag"])
def test_an_etag_that_is_no_hash_is_refused(header, etag, is_one):
    written = f'W/"{etag[2:]}"' if etag.startswith("W/") else f'"{etag}"'
    if is_one:
        answer(FILE, "HEAD", headers={header: written})
        return
    with pytest.raises(IntegrityError, match="as ETag, which is none; nothing was kept"):
        answer(FILE, "HEAD", headers={header: written})


def test_an_etag_that_names_no_file_is_nobodys_business():
    for method, status in (("GET", 200), ("HEAD", 404), ("HEAD", 400)):
        answer(FILE, method, status, headers={"ETag": '"../x"'})
    elsewhere = {"ETag": '"../x"', "Location": "https://store.example/a"}
    with pytest.raises(IntegrityError):
        answer(FILE, "HEAD", 302, headers=elsewhere)
    # huggingface_hub follows on the same host, and reads the ETag there.
    answer(FILE, "HEAD", 302, headers={**elsewhere, "Location": "/b"})
    with pytest.raises(IntegrityError):
        answer(FILE, "GET", 302, headers={"X-Linked-Etag": '"../x"', "Location": "/b"})


@pytest.mark.parametrize(
    ("header", "sound", "what"), [("X-Repo-Commit", SHA, "commit"), ("X-Xet-Hash", SHA256, "hash")]
)
def test_commits_and_hashes_in_headers_are_such(header, sound, what):
    answer(FILE, headers={header: sound})
    for value in (sound[1:], sound + "0", "../../x", "G" * len(sound)):
        with pytest.raises(IntegrityError, match=f"as {what}, which is none"):
            answer(FILE, headers={header: value})


@pytest.mark.parametrize(
    "body",
    [
        {"sha": SHA, "siblings": [{"rfilename": "a"}]}, {"sha": SHA, "siblings": None}, {}, [], {"other": "../x"},
        [{"type": "file", "path": "a", "oid": SHA, "lfs": {"oid": SHA256}}, {"path": "b", "oid": SHA256, "lfs": None}],
        [{"path": "a", "lfs": {"sha256": SHA256}}, {}],
    ],
)  # fmt: skip
def test_answers_that_keep_the_promise_pass(body):
    answer(json=body)


@pytest.mark.parametrize(
    "body",
    [
        {"sha": None}, {"sha": "x"}, {"siblings": [{"rfilename": "../x"}]}, {"siblings": [{}]},
        [{"path": "/x"}], [{"path": 3}], [{"oid": "x"}], [{"oid": None}], [{"lfs": {"oid": SHA}}], [{"lfs": {}}],
        [{"path": "a"}, {"path": ".."}],
    ],
)  # fmt: skip
def test_answers_that_would_become_other_paths_are_refused(body):
    with pytest.raises(IntegrityError):
        answer(json=body)


@pytest.mark.parametrize(
    "body", [3, None, "x", [3], [[]], {"siblings": 3}, {"siblings": {}}, {"siblings": [3]}, [{"lfs": 3}]]
)
def test_answers_of_another_kind_cannot_be_read(body):
    with pytest.raises(SourceUnreachable, match="cannot be read"):
        answer(json=body)


@pytest.mark.parametrize("body", ["<html>", "", "[" * 100_000, "\xff"])
def test_answers_that_are_no_json_cannot_be_read(body):
    with pytest.raises(SourceUnreachable, match="no JSON"):
        answer(content=body.encode("latin-1"))


def test_bodies_of_files_and_of_refusals_are_not_read():
    answer(FILE, content=b"\xff")
    answer(API, status=404, content=b"<html>")
    answer(API, method="POST", content=b"<html>")
    watch = _Watch()
    store = "https://store.example/a"
    request = httpx.Request("GET", FILE)
    watch(httpx.Response(302, headers={"Location": store}, request=request))
    watch(httpx.Response(200, content=b"\xff", request=httpx.Request("GET", store)))
    with pytest.raises(SourceUnreachable):
        watch(httpx.Response(200, content=b"\xff", request=httpx.Request("GET", store + "b")))


def test_a_question_that_is_answered_with_a_file_is_refused():
    with pytest.raises(SourceUnreachable, match="answers a question with a file"):
        answer(API, status=302, headers={"Location": "/owner/tiny/resolve/main/a"})
    with pytest.raises(SourceUnreachable, match="answers a question with a file"):
        answer(API, headers={"Link": f'<{FILE}>; rel="next"'}, json=[])
    answer(API, status=302, headers={"Location": "/api/models/owner/new"})
    answer(API, headers={"Link": f'<{API}?cursor=1>; rel="next"'}, json=[])


def test_hooks_of_an_embedding_program_stay_and_the_watch_ends():
    from huggingface_hub import get_session, set_client_factory
    from huggingface_hub.utils import _http

    before, seen = _http._GLOBAL_CLIENT_FACTORY, []
    own = lambda: httpx.Client(event_hooks={"request": [seen.append], "response": [seen.append]})  # noqa: E731
    try:
        set_client_factory(own)
        with watched_hub():
            hooks = get_session().event_hooks
            assert (hooks["request"], hooks["response"][0], len(hooks["response"])) == ([seen.append], seen.append, 2)
            assert isinstance(hooks["response"][1], _Watch)
        assert _http._GLOBAL_CLIENT_FACTORY is own
        with pytest.raises(KeyError), watched_hub():
            raise KeyError
        assert _http._GLOBAL_CLIENT_FACTORY is own
    finally:
        set_client_factory(before)
