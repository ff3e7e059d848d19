"""The model, the reader and the fast loop on tiny random weights in Marian's own format."""

import pytest
import torch
from tiny_translation import save_marian_binary, save_shortlist, spm_of_marian
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.errors import ModelUnusable
from nlpcli.models.bergamot import BergamotConfig, BergamotMTModel
from nlpcli.models.bergamot.conversion import MarianFiles, convert_files, read_model
from nlpcli.models.students.greedy import GreedyTranslator
from nlpcli.models.students.sentencepiece_model import fast_tokenizer, read_sentencepiece_model
from nlpcli.models.students.shortlist import SHORTLIST_FILE, Shortlist

SOURCES = [[5, 6, 7, 0], [9, 0], [11, 12, 13, 14, 15, 16, 17, 18, 0], [20, 21, 0]]


@pytest.fixture(scope="module", params=[False, True], ids=["shared", "split"])
def folder(request, tmp_path_factory):
    raw = tmp_path_factory.mktemp("raw")
    size = spm_of_marian(raw / "vocab.spm").get_piece_size()
    save_marian_binary(raw / "model.bin", size, split=request.param)
    save_shortlist(raw / "lex.bin", size)
    target = raw / "target.spm" if request.param else None
    if target:
        spm_of_marian(target, byte_fallback=False)
    files = MarianFiles(raw / "model.bin", raw / "vocab.spm", target, raw / "lex.bin")
    convert_files(files, ("en", "de"), "card", raw / "model")
    return raw / "model"


@pytest.fixture(scope="module")
def model(folder):
    return AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()


def plain_loop(model, source, most):
    """The whole prefix again at every step: no cache, no batch."""
    ids = [model.config.decoder_start_token_id]
    while len(ids) <= most:
        logits = model(torch.tensor([source]), decoder_input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        logits[1] = -torch.inf
        ids.append(int(logits.argmax()))
        if ids[-1] == 0:
            break
    return ids[1:]


def until_end(ids, most):
    return (ids[: ids.index(0) + 1] if 0 in ids else ids)[:most]


def test_generate_is_a_plain_greedy_loop_alone_and_in_a_batch(model):
    most = 20
    padding = model.config.pad_token_id
    rows = [source + [padding] * (9 - len(source)) for source in SOURCES]
    mask = torch.tensor([[int(token != padding) for token in row] for row in rows])
    together = model.generate(input_ids=torch.tensor(rows), attention_mask=mask, max_new_tokens=most).tolist()
    for source, row in zip(SOURCES, together, strict=True):
        expected = plain_loop(model, source, most)
        alone = model.generate(input_ids=torch.tensor([source]), max_new_tokens=most).tolist()[0]
        assert until_end(alone[1:], most) == expected
        assert until_end(row[1:], most) == expected


def test_the_fast_loop_is_generate(model):
    for source, found in zip(SOURCES, GreedyTranslator(model)(SOURCES), strict=True):
        expected = plain_loop(model, source, len(found.token_ids) + found.complete)
        assert [*found.token_ids, *([0] if found.complete else [])] == expected


def test_the_fast_loop_gives_the_same_in_any_batch(model, folder):
    for shortlist in (None, Shortlist(folder / SHORTLIST_FILE, shared=True)):
        translate = GreedyTranslator(model, shortlist)
        assert translate(SOURCES * 5) == [translate([source])[0] for source in SOURCES] * 5


def test_a_shortlist_allows_its_own_pieces_alone(model, folder):
    shortlist = Shortlist(folder / SHORTLIST_FILE, shared=False)
    for source, found in zip(SOURCES, GreedyTranslator(model, shortlist)(SOURCES), strict=True):
        assert set(found.token_ids) <= set(shortlist.of(source).tolist())


def test_bfloat16_is_decided_in_float32(folder, model):
    half = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    found = GreedyTranslator(half)(SOURCES)
    expected = GreedyTranslator(model)(SOURCES)
    assert [row.token_ids[:2] for row in found] == [row.token_ids[:2] for row in expected]


def test_beams_reorder_the_state(model):
    inputs = torch.tensor([SOURCES[0]])
    best = model.generate(inputs, num_beams=4, max_new_tokens=8, early_stopping=True)
    recomputed = model.generate(inputs, num_beams=4, max_new_tokens=8, early_stopping=True, use_cache=False)
    assert best.tolist() == recomputed.tolist()


def test_the_loss_reaches_every_weight(model):
    trained = BergamotMTModel(model.config)
    trained(torch.tensor([SOURCES[0]]), labels=torch.tensor([[4, 5, 0]])).loss.backward()
    assert all(parameter.grad is not None for parameter in trained.parameters())


def test_saving_and_loading_changes_nothing(model, tmp_path):
    model.save_pretrained(tmp_path)
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert again.generate(torch.tensor([SOURCES[0]])).tolist() == model.generate(torch.tensor([SOURCES[0]])).tolist()


def test_an_encoding_has_the_ids_and_offsets_of_a_call(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text in ("", "a</s>b", "  It is 3.º  — nice 😀", "word " * 300):
        called = tokenizer(text, return_offsets_mapping=True)
        encoding = tokenizer.encoding(text)
        assert (encoding.ids, encoding.offsets) == (called["input_ids"], called["offset_mapping"])


def test_the_tokenizer_is_sentencepiece(folder, tmp_path):
    processor = spm_of_marian(tmp_path / "a.spm")
    tokenizer = fast_tokenizer(read_sentencepiece_model(tmp_path / "a.spm"))
    for text in ("a cat  and a dog", " tree. house", "川 zzz", "①２ cat", ""):
        assert tokenizer.encode(text).ids == [*processor.encode(text), 0]
    assert AutoTokenizer.from_pretrained(folder)("</s> <pad>")["input_ids"].count(0) == 1


def test_byte_fallback_spells_what_no_piece_holds(tmp_path):
    processor = spm_of_marian(tmp_path / "a.spm", 330, byte_fallback=True)
    tokenizer = fast_tokenizer(read_sentencepiece_model(tmp_path / "a.spm"))
    ids = tokenizer.encode("cat 漢字").ids
    assert ids == [*processor.encode("cat 漢字"), 0]
    assert tokenizer.decode(ids[:-1]) == "cat 漢字"


def test_a_split_vocabulary_survives_saving(folder, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.has_target_vocabulary == tokenizer.has_target_vocabulary
    assert again(text_target="a cat")["input_ids"] == tokenizer(text_target="a cat")["input_ids"]


@pytest.mark.parametrize(
    ("key", "value"), [("dec-cell", "gru"), ("transformer-postprocess", "da"), ("transformer-decoder-autoreg", "self")]
)
def test_another_architecture_is_refused(tmp_path, key, value):
    save_marian_binary(tmp_path / "model.bin", 64, **{key: value})
    with pytest.raises(ModelUnusable, match=key):
        read_model(tmp_path / "model.bin", ("en", "de"))


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-256], lambda data: data[:40], lambda data: b"", lambda data: b"PK" * 99]
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path, damage):
    path = tmp_path / "model.bin"
    save_marian_binary(path, 64)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelUnusable, match="damaged|promises"):
        read_model(path, ("en", "de"))


def test_a_damaged_vocabulary_is_refused(tmp_path):
    (tmp_path / "a.spm").write_bytes(b"no vocabulary")
    with pytest.raises(ModelUnusable):
        read_sentencepiece_model(tmp_path / "a.spm")


def test_the_defaults_are_those_of_the_tiny_models():
    config = BergamotConfig()
    assert (config.hidden_size, config.num_hidden_layers, config.vocab_size) == (256, 6, 32001)
