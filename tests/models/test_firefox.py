"""`firefox:` against a server on this machine that has the structure of Mozilla's bucket."""

import gzip
import hashlib
import json
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tiny_translation import save_marian_binary, save_shortlist, spm_of_marian

from nlpcli.errors import IntegrityError, ModelMissing, SourceUnreachable, UsageError
from nlpcli.models.sources.firefox import FirefoxSource
from nlpcli.pipelines.translation.loading import load_translation_model
from nlpcli.runtime.device import Placement
from nlpcli.tasks.translate import TranslateOptions

CATALOGUE = "db/models.json"


def progress(text, fraction=None):
    pass


class Bucket(SimpleHTTPRequestHandler):
    """Serves files; of those in `server.cut` only the first half, though it promises all."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path not in self.server.cut:
            super().do_GET()
            return
        with self.send_head() as file:
            content = file.read()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, *arguments):
        pass


def publish(root, pair, **changes):
    """A tiny model of a pair in the bucket; its entry in the catalogue."""
    letters = pair.replace("-", "")
    folder = root / "models" / pair / "exported"
    folder.mkdir(parents=True)
    raw = {
        "model": folder / f"model.{letters}.intgemm.alphas.bin",
        "vocab": folder / f"vocab.{letters}.spm",
        "lexicalShortlist": folder / f"lex.50.50.{letters}.s2t.bin",
    }
    size = spm_of_marian(raw["vocab"]).get_piece_size()
    save_marian_binary(raw["model"], size)
    save_shortlist(raw["lexicalShortlist"], size)
    files = {}
    for role, path in raw.items():
        content = path.read_bytes()
        packed = path.with_name(path.name + ".gz")
        packed.write_bytes(gzip.compress(content))
        files[role] = {
            "path": str(packed.relative_to(root)), "uncompressedSize": len(content),
            "uncompressedHash": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
    return {"architecture": "tiny", "releaseStatus": "Release", "files": files, **changes}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("bucket")
    models = {pair: [publish(root, pair)] for pair in ("en-de", "de-en", "en-fr")}
    (root / "db").mkdir()
    return root, models


@pytest.fixture
def bucket(published):
    root, models = published
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Bucket, directory=root)) as server:
        server.daemon_threads = True
        server.asked, server.cut = [], set()
        server.models = json.loads(json.dumps(models))
        server.file = lambda pair, role: server.models[pair][0]["files"][role]
        server.url = f"http://127.0.0.1:{server.server_port}"
        server.publish = lambda: (root / CATALOGUE).write_text(json.dumps({"models": server.models}))
        server.publish()
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def resolve(bucket, tmp_path, name="firefox:en-de", offline=False):
    return FirefoxSource(tmp_path / "cache", bucket.url).resolve(name, None, offline, progress)


def nothing_kept(tmp_path):
    return [path.name for path in (tmp_path / "cache").iterdir() if not path.name.endswith(".lock")] == []


def test_a_pull_makes_a_model_that_transformers_loads_and_the_next_one_asks_nobody(bucket, tmp_path):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    import nlpcli.models.bergamot  # noqa: F401

    model = resolve(bucket, tmp_path)
    config = AutoModelForSeq2SeqLM.from_pretrained(model.folder).config
    assert (config.source_language, config.target_language) == ("en", "de")
    assert AutoTokenizer.from_pretrained(model.folder)("a cat")["input_ids"][-1] == 0
    assert "mpl-2.0" in (model.folder / "README.md").read_text()
    asked = len(bucket.asked)
    assert resolve(bucket, tmp_path, offline=True).folder == model.folder
    assert len(bucket.asked) == asked
    source = FirefoxSource(tmp_path / "cache", bucket.url)
    assert source.verify("firefox:en-de")[0].problems == ()
    assert [cached.licence for cached in source.cached()] == ["MPL-2.0"]
    assert [removal.path for removal in source.removals("firefox:en-de", None)] == [model.folder]


def test_names_of_languages_and_regions_name_the_same_model(bucket, tmp_path):
    assert resolve(bucket, tmp_path, "firefox:English-German").name == "firefox:en-de"


def translator_of(model):
    return load_translation_model(model, Placement("cpu", "float32", "", "")).translator(TranslateOptions())


def test_pairs_without_english_go_by_way_of_it(bucket, tmp_path):
    model = resolve(bucket, tmp_path, "firefox:de-fr")
    assert (model.name, model.languages) == ("firefox:de-fr", ("de",))
    assert model.then.name == "firefox:en-fr"
    translator = translator_of(model)
    assert (translator.source, translator.target) == ("de", "fr")
    first, second = (translator_of(replace(part, then=None)) for part in (model, model.then))
    between = first.translate(["a cat"], "de", False)[0].text
    (translation,) = translator.translate(["a cat"], "de", True)
    assert translation.text == second.translate([between], "en", False)[0].text
    assert all(0 <= link.source_start <= link.source_end <= len("a cat") for link in translation.links)


def test_a_wrong_hash_is_refused_and_nothing_kept(bucket, tmp_path):
    bucket.file("en-de", "model")["uncompressedHash"] = "0" * 64
    bucket.publish()
    with pytest.raises(IntegrityError, match="SHA-256.*nothing was kept"):
        resolve(bucket, tmp_path)
    assert nothing_kept(tmp_path)


def test_a_wrong_size_is_refused(bucket, tmp_path):
    bucket.file("en-de", "vocab")["uncompressedSize"] = 7
    bucket.publish()
    with pytest.raises(IntegrityError, match="the catalogue says 7"):
        resolve(bucket, tmp_path)
    assert nothing_kept(tmp_path)


@pytest.mark.parametrize("damage", [lambda content: b"no gzip at all", lambda content: content[:-9]])
def test_a_broken_gzip_is_refused_and_nothing_kept(bucket, published, tmp_path, damage):
    path = published[0] / bucket.file("en-de", "model")["path"]
    content = path.read_bytes()
    path.write_bytes(damage(content))
    try:
        with pytest.raises(IntegrityError, match="no sound gzip"):
            resolve(bucket, tmp_path)
    finally:
        path.write_bytes(content)
    assert nothing_kept(tmp_path)


def test_an_interrupted_download_is_no_model_and_the_next_one_completes_it(bucket, tmp_path):
    path = "/" + bucket.file("en-de", "model")["path"]
    bucket.cut.add(path)
    with pytest.raises(SourceUnreachable, match="broke off after"):
        resolve(bucket, tmp_path)
    assert nothing_kept(tmp_path)
    bucket.cut.clear()
    assert (resolve(bucket, tmp_path).folder / "model.safetensors").is_file()


def test_a_missing_pair_names_what_there_is(bucket, tmp_path):
    with pytest.raises(ModelMissing, match=r"no model for en-nl.*(de|fr).*opus-mt-en-nl"):
        resolve(bucket, tmp_path, "firefox:en-nl")


def test_a_file_that_is_not_there_is_said(bucket, tmp_path):
    bucket.file("en-de", "vocab")["path"] = "models/none.spm.gz"
    bucket.publish()
    with pytest.raises(SourceUnreachable, match="answers 404"):
        resolve(bucket, tmp_path)


def test_a_bucket_out_of_reach_and_offline_name_what_to_do(tmp_path):
    source = FirefoxSource(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(SourceUnreachable, match="check the network"):
        source.resolve("firefox:en-de", None, False, progress)
    with pytest.raises(ModelMissing, match="nlpcli models pull firefox:en-de"):
        source.resolve("firefox:en-de", None, True, progress)


@pytest.mark.parametrize("name", ["firefox:", "firefox:en", "firefox:en-en", "firefox:en-de-fr"])
def test_a_name_that_is_no_pair_is_wrong_usage(tmp_path, name):
    with pytest.raises(UsageError):
        FirefoxSource(tmp_path).resolve(name, None, False, progress)


def test_a_released_model_comes_before_one_that_is_tried_out(bucket, tmp_path):
    nightly = {**bucket.models["en-de"][0], "architecture": "base", "releaseStatus": "Nightly", "files": {}}
    bucket.models["en-de"].insert(0, nightly)
    bucket.publish()
    assert resolve(bucket, tmp_path).folder.is_dir()
