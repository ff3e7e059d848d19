"""Everything that is to be measured on a GPU, in one call of at most ten minutes:

    PYTHONPATH=. python tests/bench/gpu.py [--device cuda] [--model FOLDER] [--minutes 9] [--rows rows.jsonl]

Needs no network and no installed nlpcli. Without `--model` (folders of MiniLM, of a decoder …; repeatable) small models of
random weights with the sizes of real ones are made, so that it runs on a bare machine: speed does not depend on what
weights say. `--device cpu --minutes 1` is the dry run.

What it does, each part only as long as its share of the time lasts, and each row printed as soon as it is there:
the tests of tests/gpu; embed and sentiment by budget of a batch against sentence-transformers (where it is installed) and
against the host's limit, which is the same forward passes over batches that are tokenized and on the device already;
generate by the number of prompts; where the time of one batch goes (kernels, gaps, copies).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from contest import run_task, task_of
from transformers import BertConfig, BertForSequenceClassification, BertModel, LlamaConfig, LlamaForCausalLM

from nlpcli.models.reference import LocalModel
from nlpcli.runtime.batching import cut
from nlpcli.runtime.device import choose, describe_hardware, padded_tokens_per_batch
from nlpcli.tasks.embed import EmbedOptions
from nlpcli.tasks.generate import GenerateOptions
from nlpcli.tasks.sentiment import SentimentOptions

# Lengths of real sentences, in words: short ones with a long tail.
LENGTHS = (4, 8, 12, 12, 16, 20, 24, 30, 48, 96)
MINILM = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
SMOLLM = {
    "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
    "num_key_value_heads": 3,
}  # fmt: skip
TINY = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
LEAST_OF_LIMIT = 0.8


class Clock:
    """The time that is left; parts ask before they begin something."""

    def __init__(self, minutes):
        self._end = time.monotonic() + 60 * minutes

    def left(self):
        return self._end - time.monotonic()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", action="append", default=[], help="folder of an encoder")
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--rows", help="where rows go as JSON, one a line")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the script itself")
    options = parser.parse_args()
    clock = Clock(options.minutes)
    hardware = describe_hardware()
    placement = choose(hardware, options.device)
    say = Rows(options.rows)
    say(
        part="machine", device=placement.device, dtype=placement.dtype, torch=torch.__version__, gpus=str(hardware.cuda)
    )
    with tempfile.TemporaryDirectory() as scratch:
        encoders = dict(folders_of(options, Path(scratch)))
        texts = made_up_texts(200 if options.tiny else 20_000)
        for part in (tests_of_gpu, encoders_of, classifier_of, decoder_of, where_time_goes):
            if clock.left() < 20:
                say(part=part.__name__, skipped="no time left")
                continue
            try:
                part(say, clock, encoders, texts, placement, hardware, options)
            except Exception as error:  # noqa: BLE001 - one part that fails must not cost the others, of a machine that is lent
                say(part=part.__name__, failed=f"{type(error).__name__}: {error}"[:500])
    say(part="end", seconds_left=round(clock.left()))


class Rows:
    """Prints rows, and keeps them."""

    def __init__(self, file):
        self._file = file and Path(file)

    def __call__(self, **row):
        line = json.dumps(row)
        print(line, flush=True)
        if self._file:
            with self._file.open("a", encoding="utf-8") as rows:
                rows.write(line + "\n")


def made_up_texts(count):
    """The same on every machine."""
    words = [f"word{number}" for number in range(61)]
    return [
        " ".join(words[(n * 7 + k * 11) % len(words)] for k in range(LENGTHS[n % len(LENGTHS)])) for n in range(count)
    ]


def folders_of(options, scratch):
    """Name → folder of each encoder."""
    if options.model:
        yield from ((Path(folder).name, Path(folder)) for folder in options.model)
        return
    sizes = {"tiny": TINY} if options.tiny else {"minilm": MINILM, "base": BASE}
    for name, size in sizes.items():
        folder = scratch / name
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=30_522, **size)).save_pretrained(folder)
        save_words(folder)
        yield name, folder


def save_words(folder):
    """A tokenizer of whole words with the size of BERT's."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    known = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *sorted({word for text in made_up_texts(100) for word in text.split()}),
    ]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(known)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", eos_token="[SEP]", model_max_length=512
    ).save_pretrained(folder)


def tests_of_gpu(say, clock, encoders, texts, placement, hardware, options):
    """What the GPU gives is what the CPU gives."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "gpu", "tests/gpu", "-p", "no:cacheprovider"]
    seconds = max(20, min(240, clock.left() * 0.4))
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        say(part="tests/gpu", failed=f"not done in {seconds:.0f} s")
        return
    last = (done.stdout.strip().splitlines() or [done.stderr[-300:]])[-1]
    say(part="tests/gpu", status=done.returncode, said=last, seconds=round(time.monotonic() - start, 1))


def encoders_of(say, clock, encoders, texts, placement, hardware, options):
    """embed by budget, against the limit of this host and sentence-transformers."""
    for name, folder in encoders.items():
        model = LocalModel(name, folder)
        task = task_of("embed", EmbedOptions(), model, placement)
        auto = padded_tokens_per_batch(hardware, placement)
        run_task(task, texts[:256], auto, placement, hardware)
        limit = None
        for budget in sorted({auto, auto // 2, auto // 4, auto * 2}):
            if clock.left() < 20:
                return
            rate = per_second(lambda b=budget, t=task: run_task(t, texts, b, placement, hardware), len(texts), clock)
            most = limit_of(task, texts, budget, placement, clock)
            limit = max(limit or 0, most)
            row = {"budget": budget, "auto": budget == auto, "texts_s": round(rate), "limit_s": round(most)}
            say(part="embed", model=name, **row, of_limit=round(rate / most, 3), enough=rate >= LEAST_OF_LIMIT * most)
        say(part="sentence-transformers", model=name, **peer(folder, texts, placement, clock))


def limit_of(task, texts, budget, placement, clock):
    """Texts a second of the forward passes alone: batches are tokenized, padded and on the device already."""
    pipeline = task._pipeline
    windows = [found[0] for found in pipeline.windows(texts)]
    batches = cut([len(window) for window in windows], budget)
    rows = [pipeline._rows([windows[index] for index in batch]) for batch in batches]
    ready = [pipeline._windows.collate(batch, pipeline.device) for batch in rows]

    def passes():
        with torch.inference_mode():
            vectors = [pipeline._forward(inputs) for inputs in ready]
            return torch.cat(vectors).cpu()

    passes()
    return per_second(passes, len(texts), clock)


def per_second(work, count, clock, rounds=3):
    """The best of some rounds; one where there is little time."""
    best = None
    for _ in range(rounds):
        synchronize()
        start = time.perf_counter()
        work()
        synchronize()
        spent = time.perf_counter() - start
        best = spent if best is None else min(best, spent)
        if clock.left() < 30 + 2 * spent:
            break
    return count / best


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peer(folder, texts, placement, clock):
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        return {"skipped": "not installed"}
    encoder = SentenceTransformer(str(folder), device=placement.device)
    encoder.encode(texts[:256])
    return {"texts_s": round(per_second(lambda: encoder.encode(texts), len(texts), clock))}


def classifier_of(say, clock, encoders, texts, placement, hardware, options):
    """sentiment against the limit."""
    with tempfile.TemporaryDirectory() as folder:
        labels = {"id2label": {0: "negative", 1: "neutral", 2: "positive"}, "num_labels": 3}
        size = TINY if options.tiny else MINILM
        config = BertConfig(vocab_size=30_522, **size, **labels, label2id={"negative": 0, "neutral": 1, "positive": 2})
        BertForSequenceClassification(config).save_pretrained(folder)
        save_words(Path(folder))
        task = task_of("sentiment", SentimentOptions(), LocalModel("classifier", Path(folder)), placement)
        auto = padded_tokens_per_batch(hardware, placement)
        run_task(task, texts[:256], auto, placement, hardware)
        rate = per_second(lambda: run_task(task, texts, auto, placement, hardware), len(texts), clock)
        say(part="sentiment", budget=auto, texts_s=round(rate))


def decoder_of(say, clock, encoders, texts, placement, hardware, options):
    """generate by the number of prompts, greedy, 128 tokens each."""
    with tempfile.TemporaryDirectory() as folder:
        size = {**TINY, "num_key_value_heads": 1} if options.tiny else SMOLLM
        config = LlamaConfig(vocab_size=49_152, max_position_embeddings=2048, **size)
        LlamaForCausalLM(config).save_pretrained(folder)
        save_words(Path(folder))
        made = GenerateOptions(greedy=True, max_tokens=8 if options.tiny else 128, raw=True)
        task = task_of("generate", made, LocalModel("decoder", Path(folder)), placement)
        run_task(task, texts[:2], None, placement, hardware)
        for count in (1, 32, 256):
            if clock.left() < 30:
                return
            start = time.perf_counter()
            run_task(task, texts[:count], None, placement, hardware)
            synchronize()
            spent = time.perf_counter() - start
            say(part="generate", prompts=count, tokens_s=round(count * made.max_tokens / spent))


def where_time_goes(say, clock, encoders, texts, placement, hardware, options):
    """The operations of some batches of embed by their own time on the device."""
    from torch.profiler import ProfilerActivity, profile

    name, folder = next(iter(encoders.items()))
    task = task_of("embed", EmbedOptions(), LocalModel(name, folder), placement)
    some = texts[:4096]
    run_task(task, some, None, placement, hardware)
    on_device = placement.device_type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_device else [])]
    with profile(activities=activities) as found:
        start = time.perf_counter()
        run_task(task, some, None, placement, hardware)
        synchronize()
        spent = time.perf_counter() - start
    key = "self_device_time_total" if on_device else "self_cpu_time_total"
    events = sorted(found.key_averages(), key=lambda event: -getattr(event, key))
    busy = sum(getattr(event, key) for event in events) / 1e6
    say(part="profile", model=name, seconds=round(spent, 3), busy_seconds=round(busy, 3))
    for event in events[:12]:
        say(part="profile", operation=event.key[:80], ms=round(getattr(event, key) / 1e3, 1), calls=event.count)


if __name__ == "__main__":
    main()
