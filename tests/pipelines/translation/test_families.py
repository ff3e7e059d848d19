"""Every family of translation models (`families`, `language_models`) gives what `model.generate` gives by hand, in any
batch."""

from functools import cache

import pytest
import torch
from tiny import save_causal_lm
from tiny_translation import FAMILIES, save_marian, save_t5
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.errors import ModelUnusable, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.loading import load_translation_model
from nlpcli.pipelines.translation.translators import mean_log_probabilities
from nlpcli.runtime.device import Placement
from nlpcli.tasks.translate import TranslateOptions

CPU = Placement("cpu", "float32", "", "")
TEXTS = ["a cat", "dog tree house river stone", "b"]
# Family → how it is told English and German by hand: the source's code, the text's prefix, the first token out.
BY_HAND = {
    "marian": (None, "", None),
    "m2m100": ("en", "", "__de__"),
    "nllb": ("eng_Latn", "", "deu_Latn"),
    "mbart50": ("en_XX", "", "de_DE"),
    "t5": (None, "<2de> ", None),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tiny models have nothing to share, and threads that wait for each other cost seconds on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory):
    return request.param, FAMILIES[request.param](tmp_path_factory.mktemp(request.param))


def load(folder, source="en", target="de", beams=1, placement=CPU):
    options = TranslateOptions(source=source, target=target, beams=beams)
    return load_translation_model(LocalModel(str(folder), folder), placement).translator(options)


@cache
def loaded_by_hand(folder, dtype):
    return AutoTokenizer.from_pretrained(folder), AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=dtype)


def by_hand(folder, kind, text, beams, dtype="float32"):
    code, prefix, first = BY_HAND[kind]
    tokenizer, model = loaded_by_hand(folder, dtype)
    if code:
        tokenizer.src_lang = code
    inputs = tokenizer(prefix + text, return_tensors="pt")
    options = {} if first is None else {"forced_bos_token_id": tokenizer.convert_tokens_to_ids(first)}
    most = 2 * inputs["input_ids"].shape[1] + 32
    output = model.generate(**inputs, **options, num_beams=beams, do_sample=False, max_new_tokens=most)
    return tokenizer.decode(output[0], skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()


@pytest.mark.parametrize("beams", [1, 3])
def test_a_translation_is_that_of_generate_by_hand(family, beams):
    kind, folder = family
    translator = load(folder, beams=beams)
    for text in TEXTS:
        assert translator.translate([text], "en", False)[0].text == by_hand(folder, kind, text, beams)


def test_in_bfloat16_a_translation_is_that_of_generate_too(family):
    kind, folder = family
    translator = load(folder, placement=Placement("cpu", "bfloat16", "", ""))
    for text in TEXTS:
        found = translator.translate([text], "en", False)[0].text
        assert found == by_hand(folder, kind, text, 1, "bfloat16")


def test_a_batch_gives_what_each_text_gives_alone(family):
    translator = load(family[1])
    rows = translator._encode(TEXTS, "en")
    limit = 2 * min(map(len, rows)) + 32
    alone = [translator.generate([row])[0][:limit] for row in rows]
    assert [ids[:limit] for ids in translator.generate(rows)] == alone


def test_links_cover_the_translation_and_lie_in_the_source(family):
    translator = load(family[1])
    (translation,) = translator.translate(["dog tree"], "en", True)
    assert translation.links
    assert all(0 <= link.source_start <= link.source_end <= len("dog tree") for link in translation.links)


def test_a_language_that_a_model_does_not_know_is_refused_with_the_nearest(family):
    kind, folder = family
    if kind == "marian":
        return
    with pytest.raises(UsageError, match=r"does not know Latgalian|does not know \w+ .*nearest of its codes: \w+"):
        load(folder, target="nn" if kind == "t5" else "bo" if kind != "nllb" else "br")


def test_a_model_of_many_languages_wants_to_be_told_one(tmp_path):
    with pytest.raises(UsageError, match="--to"):
        load(save_t5(tmp_path), target=None)


def test_a_marian_model_of_several_targets_is_told_by_a_token(tmp_path):
    translator = load(save_marian(tmp_path, targets=("deu", "fra")))
    token = translator._tokenizer.convert_tokens_to_ids(">>deu<<")
    assert translator._encode(["a cat"], "en")[0][0] == token
    with pytest.raises(UsageError, match="nearest of its codes"):
        load(tmp_path, target="ja")


def test_t5_is_asked_in_english(tmp_path):
    translator = load(save_t5(tmp_path, madlad=False))
    assert translator._speech.prefix("en") == "translate English to German: "


def test_a_language_model_is_asked_and_gives_one_line(tmp_path):
    translator = load(save_causal_lm(tmp_path, "llama", max_position_embeddings=256))
    assert not translator.reads_sentences
    found = translator.translate(["a b c", "d"], "en", False)
    assert len(found) == 2
    assert all("\n" not in translation.text for translation in found)


def test_a_model_that_translates_nothing_is_refused(tmp_path):
    from tiny import save_seq2seq

    with pytest.raises(ModelUnusable, match="how it is told to translate"):
        load(save_seq2seq(tmp_path, "bart"))


@pytest.fixture
def v4():
    from transformers import pipeline

    import nlpcli.pipelines.v4  # noqa: F401

    return pipeline


def test_code_for_v4_runs_with_languages_in_the_task_at_construction_and_at_a_call(family, v4):
    kind, folder = family
    options = {"max_new_tokens": 8, "num_beams": 1}
    if kind in ("marian", "t5"):
        found = v4("translation_en_to_de", model=str(folder))("a cat", **options)
        assert [set(row) for row in found] == [{"translation_text"}]
        return
    source, _, target = BY_HAND[kind]
    target = target.strip("_")
    at_a_call = v4("translation", model=str(folder))("a cat", src_lang=source, tgt_lang=target, **options)
    at_construction = v4("translation", model=str(folder), src_lang=source, tgt_lang=target)(["a cat"], **options)
    assert at_a_call == at_construction
    if kind == "m2m100":
        assert v4("translation_en_to_de", model=str(folder))("a cat", **options) == at_a_call
    with pytest.raises(ValueError, match="src_lang"):
        v4("translation", model=str(folder))("a cat", **options)


def test_a_score_is_the_mean_log_probability_of_what_is_said(family):
    kind, folder = family
    code, prefix, _ = BY_HAND[kind]
    translator = load(folder)
    (scored,) = translator.translate_scored([TEXTS[0]], "en")
    assert scored.text == translator.translate([TEXTS[0]], "en", False)[0].text
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    if code:
        tokenizer.src_lang = code
    inputs = tokenizer(prefix + TEXTS[0], return_tensors="pt")
    (ids,) = translator.generate([inputs["input_ids"][0].tolist()])
    start = model.config.decoder_start_token_id
    with torch.inference_mode():
        logits = model(**inputs, decoder_input_ids=torch.tensor([[start, *ids[:-1]]])).logits[0]
    by_token = logits.log_softmax(-1)[torch.arange(len(ids)), torch.tensor(ids)]
    assert scored.score == pytest.approx(by_token.mean().item(), abs=1e-4)


def scored(folder, source="en", target="de", beams=1):
    options = TranslateOptions(source=source, target=target, beams=beams, scores=True)
    return load_translation_model(LocalModel(str(folder), folder), CPU).translator(options)


def test_every_translation_has_a_score_where_that_is_wanted_which_does_not_depend_on_the_batch(family):
    _, folder = family
    translator = scored(folder)
    (found,) = translator.translate(TEXTS[:1], "en", False)
    assert found == translator.translate_scored(TEXTS[:1], "en")[0]
    assert load(folder).translate(TEXTS[:1], "en", False)[0].score is None
    rows = [translator._encode([text], "en")[0] for text in TEXTS]
    outputs = [[5, 6, 7], [6], [7, 8, 9, 10, 11]]
    together = mean_log_probabilities(translator._module, rows, outputs, translator._start)
    alone = [
        mean_log_probabilities(translator._module, [row], [output], translator._start)[0]
        for row, output in zip(rows, outputs, strict=True)
    ]
    assert together == pytest.approx(alone, abs=1e-4)


def test_a_language_model_scores_what_it_answers(tmp_path):
    translator = scored(save_causal_lm(tmp_path, "llama", max_position_embeddings=256))
    (found,) = translator.translate(["a cat"], "en", False)
    prompt = translator.prompt("a cat", "en")
    ids = translator._module.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=8)[0].tolist()
    answer = ids[len(prompt) :]
    logs = translator._module(torch.tensor([ids])).logits[0].log_softmax(-1)[len(prompt) - 1 : -1]
    by_hand = logs[torch.arange(len(answer)), torch.tensor(answer)].mean().item()
    others = [[*prompt, 5], prompt[:3]]
    scores = translator._scores([prompt, *others], [answer, [6, 7], [8]], 0)
    assert scores[0] == pytest.approx(by_hand, abs=1e-4)
    assert found.score is not None
    assert found.score < 0
