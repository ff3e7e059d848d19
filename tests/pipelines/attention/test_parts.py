"""Models of several parts: which layers are shown, by which numbers, and what is refused."""

from pathlib import Path

import pytest
import torch
from tiny import WORDS, save_tokenizer
from tiny_families import family_model
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    BertConfig,
    CLIPModel,
    EncoderDecoderConfig,
    EncoderDecoderModel,
    SiglipModel,
)

from nlpcli.errors import UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attention.capture import Selection
from nlpcli.pipelines.attention.pipeline import Request, load_attention_pipeline
from nlpcli.records.inspection import TOLERANCE, Kind
from nlpcli.runtime.device import Placement

PLACEMENT = Placement("cpu", "float32", "", "")
_TEXT = {
    "vocab_size": len(WORDS) + 3, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 64, "max_position_embeddings": 64,
}  # fmt: skip
_VISION = {
    "hidden_size": 32, "num_hidden_layers": 5, "num_attention_heads": 2, "intermediate_size": 64, "image_size": 16,
    "patch_size": 8,
}  # fmt: skip


def gemma3():
    layers = ["sliding_attention", "sliding_attention", "full_attention"]
    text = {**_TEXT, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 4, "layer_types": layers}
    ids = {"image_token_index": len(WORDS) + 1, "boi_token_index": len(WORDS), "eoi_token_index": len(WORDS) + 2}
    return AutoModelForImageTextToText.from_config(
        AutoConfig.for_model("gemma3", text_config=text, vision_config=_VISION, mm_tokens_per_image=4, **ids)
    )


def clip():
    return CLIPModel(AutoConfig.for_model("clip", text_config=_TEXT, vision_config=_VISION))


def siglip():
    return SiglipModel(AutoConfig.for_model("siglip", text_config=_TEXT, vision_config=_VISION))


def pieces_of_different_sizes():
    decoder = BertConfig(**{**_TEXT, "num_attention_heads": 2, "num_hidden_layers": 2})
    ids = {"decoder_start_token_id": 2, "pad_token_id": 0, "eos_token_id": 3}
    return EncoderDecoderModel(EncoderDecoderConfig.from_encoder_decoder_configs(BertConfig(**_TEXT), decoder, **ids))


def pipeline_of(model, folder: Path):
    model.eval().save_pretrained(folder)
    save_tokenizer(folder)
    return load_attention_pipeline(LocalModel("tiny", folder), PLACEMENT)


@pytest.mark.parametrize("make", [gemma3, clip, siglip])
def test_the_part_that_reads_texts_is_shown_and_verified(make, tmp_path):
    torch.manual_seed(0)
    pipeline = pipeline_of(make(), tmp_path)
    assert pipeline.numbers == {Kind.SELF: ((0, 1, 2), (0, 1, 2, 3))}
    checks = pipeline.inspect("a b c d", Request(verify=True, part="text")).checks
    assert max(check.largest for check in checks) < TOLERANCE
    with pytest.raises(UsageError, match="--part vision attends to pictures"):
        pipeline.inspect("a b", Request(part="vision"))


def test_windows_are_those_of_each_layer(tmp_path):
    (map_,) = pipeline_of(gemma3(), tmp_path).inspect("a b c d e f g h").maps
    assert [int(visible[-1].sum()) for visible in map_.visible] == [4, 4, len(map_.keys)]


def test_pieces_of_different_sizes_have_shapes_of_their_own(tmp_path):
    pipeline = pipeline_of(pieces_of_different_sizes(), tmp_path)
    assert pipeline.shapes == {Kind.SELF: (3, 4), Kind.DECODER: (2, 2), Kind.CROSS: (2, 2)}
    inspection = pipeline.inspect("a b c", Request(pair="x y", verify=True))
    assert max(check.largest for check in inspection.checks) < TOLERANCE
    with pytest.raises(UsageError, match=r"--method rollout needs a layer of self-attention|--layer 3 is not there"):
        pipeline.inspect("a b c", Request(Selection((3,)), method="rollout"))


def test_a_hybrid_counts_its_layers_as_the_model_does_and_has_no_rollout(tmp_path):
    pipeline = pipeline_of(family_model("lfm2"), tmp_path)
    (map_,) = pipeline.inspect("a b c", Request(Selection((-1,)))).maps
    assert map_.layers == (3,)
    with pytest.raises(UsageError, match="--layer 2 is not there; the model has 1, 3"):
        pipeline.inspect("a b c", Request(Selection((2,))))
    with pytest.raises(UsageError, match=r"--method rollout goes through every layer.*\(0, 2\)"):
        pipeline.inspect("a b c", Request(method="rollout"))


def test_sinks_have_no_rollout(tmp_path):
    pipeline = pipeline_of(family_model("gpt_oss"), tmp_path)
    assert (pipeline.inspect("a b c d").maps[0].weights.sum(-1) < 0.999).any()
    with pytest.raises(UsageError, match="needs weights that sum to 1"):
        pipeline.inspect("a b c", Request(method="rollout"))
