"""A local folder → tokenizer and module, in the right dtype on the right device, ready for inference.

Every loader raises `ModelUnsafe` where the model would run code of its own, `ModelUnusable` where transformers does not
know it, weights are missing or it is no model of the kind, and `UsageError` where it cannot be computed in the format
that was asked for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import torch
import transformers
from huggingface_hub import constants
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.bert.first_token import read_first_token_alone
from nlpcli.models.bert.layers import layer_names
from nlpcli.models.foreign import check_folder, check_tokens, check_vocabulary, said_of
from nlpcli.models.graph.names import BITS
from nlpcli.models.llama.configuration import has_generic_tokenizer
from nlpcli.models.preparing import BERGAMOT, compute_in_float32, decided, precision_of, prepare
from nlpcli.models.quiet import say_nothing
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import Family, ModelFacts, Precision, Use, lacks_blocks

if TYPE_CHECKING:
    from nlpcli.models.graph.conversion import LlamaGraph
    from nlpcli.models.llama.weights import LlamaWeights

say_nothing()
log = logging.getLogger(__name__)

# An explicit no: where nothing is said about a model's own code, transformers asks on the terminal whether to run it.
_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

# Heads that only training needs: an encoder's vectors do not pass through them.
_UNUSED_WEIGHTS = ("pooler.",)
_WITHOUT_HEAD = frozenset({"AutoModel", "AutoModelForTextEncoding"})


_Arguments = ParamSpec("_Arguments")
_Loaded = TypeVar("_Loaded")
_Loader = Callable[Concatenate[LocalModel, _Arguments], _Loaded]


def _reads_foreign_files(what: str) -> Callable[[_Loader[_Arguments, _Loaded]], _Loader[_Arguments, _Loaded]]:
    """A loader whose every failure is said of its model (`what` it does not do), and that opens no connection."""

    def decorate(load: _Loader[_Arguments, _Loaded]) -> _Loader[_Arguments, _Loaded]:
        @wraps(load)
        def guarded(model: LocalModel, /, *arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Loaded:
            with said_of(f"{quoted(model.name)} {what}"), _no_connection():
                return load(model, *arguments, **options)

        return guarded

    return decorate


@contextmanager
def _no_connection() -> Iterator[None]:
    """Whatever a configuration names, nothing is fetched: all that a model needs lies in its folder."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@_reads_foreign_files("has no usable tokenizer")
def load_tokenizer(model: LocalModel, config: PretrainedConfig | None = None) -> PreTrainedTokenizerBase:
    """The model's tokenizer; `config` where the model's is read already."""
    check_folder(model.name, model.folder)
    check_tokens(model.name, model.folder)
    _know_bergamot(model)
    if config is not None and has_generic_tokenizer(model.folder, config):
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(model.folder, **_LOCAL)
    else:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model.folder, config=config, **_LOCAL)
    check_vocabulary(model.name, model.folder, tokenizer.vocab_size - len(tokenizer.all_special_ids))
    return tokenizer


@_reads_foreign_files("cannot be loaded")
def load_encoder(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The model without a head, tokens in, `last_hidden_state` out.

    Of an encoder-decoder model this is the encoder.
    """
    config = _load_config(model)
    precision = precision_of(model, placement, Use.VECTORS, config)
    options = _options(config, precision)
    if config.model_type in _TEXT_ENCODERS:
        module = _from_pretrained(transformers.AutoModelForTextEncoding, model, options)
    else:
        module = _from_pretrained(transformers.AutoModel, model, options)
        if config.is_encoder_decoder:
            module = module.get_encoder()
    if layer_names(config) is not None and hasattr(module, "pooler"):
        # What BERT's kind makes of the first token for its heads is no part of the vectors.
        module.pooler = None
    return _ready(module, placement, precision, model.name)


@_reads_foreign_files("cannot be loaded")
def load_classifier(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The model with its classification head, tokens in, `logits` out.

    The last layer computes in float32 whatever the rest does: it costs nothing, and bfloat16's eight bits would show
    in the second digit of a probability.
    """
    config = _load_config(model)
    precision = precision_of(model, placement, Use.LABELS, config)
    try:
        module = _from_pretrained(transformers.AutoModelForSequenceClassification, model, _options(config, precision))
    except _WeightsMissing as error:
        raise ModelUnusable(
            f"{quoted(model.name)} has no classification head (it lacks {error.first});"
            ' choose a classifier with -m, or name your own labels: --labels "praise,complaint"'
        ) from error
    compute_in_float32(module, config.num_labels)
    if placement.device_type == "cpu":
        read_first_token_alone(module)
    return _ready(module, placement, precision, model.name)


@_reads_foreign_files("cannot be loaded")
def load_token_classifier(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The model with its head for tokens, tokens in, `logits` of each out; the last layer as in `load_classifier`."""
    config = _load_config(model)
    # The head of a classifier of whole texts has the same names and shape.
    if not any(name.endswith("ForTokenClassification") for name in config.architectures or ["ForTokenClassification"]):
        raise ModelUnusable(f"{quoted(model.name)} labels no tokens; choose a model for named entities with -m")
    precision = precision_of(model, placement, Use.LABELS, config)
    module = _from_pretrained(transformers.AutoModelForTokenClassification, model, _options(config, precision))
    compute_in_float32(module, config.num_labels)
    return _ready(module, placement, precision, model.name)


@_reads_foreign_files("cannot be loaded")
def load_attention_model(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The model with the head that its architecture names, to show its attention: eager, because the fused
    kernels never hold the weights.
    """
    config = _load_config(model)
    precision = precision_of(model, placement, Use.ATTENTION, config)
    options = {**_options(config, precision), "attn_implementation": "eager"}
    return _ready(_from_pretrained(_class_with_head(config), model, options), placement, precision, model.name)


def _class_with_head(config: PretrainedConfig) -> Any:
    if config.is_encoder_decoder:
        return transformers.AutoModelForSeq2SeqLM
    architecture = next(iter(config.architectures or []), "")
    if architecture.endswith(("ForCausalLM", "LMHeadModel")):
        return transformers.AutoModelForCausalLM
    if architecture.endswith("ForSequenceClassification"):
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModel


@_reads_foreign_files("cannot be loaded")
def load_causal_lm(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The decoder with its output layer, tokens in, `logits` of the next token out."""
    module, precision = _load_generator(transformers.AutoModelForCausalLM, "continues no text", model, placement)
    prepare(module, precision, model.name)
    return module


@_reads_foreign_files("cannot be loaded")
def load_masked_lm(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The encoder with its output layer, tokens in, `logits` of the token at each place out."""
    config = _load_config(model)
    if type(config) not in transformers.AutoModelForMaskedLM._model_mapping:
        raise ModelUnusable(
            f"{quoted(model.name)} is a {config.model_type} model, which predicts no masked tokens; choose another"
        )
    precision = precision_of(model, placement, Use.TEXT, config)
    return _ready(
        _from_pretrained(transformers.AutoModelForMaskedLM, model, _options(config, precision)),
        placement,
        precision,
        model.name,
    )


@_reads_foreign_files("cannot be loaded")
def load_seq2seq(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """The encoder-decoder model with its output layer."""
    module, precision = _load_generator(
        transformers.AutoModelForSeq2SeqLM, "turns no text into another", model, placement
    )
    prepare(module, precision, model.name)
    return module


@_reads_foreign_files("cannot be loaded")
def load_student(model: LocalModel, placement: Placement) -> torch.nn.Module:
    """A student of Bergamot's, whose loop makes layers of its own: in the dtype of its precision, which is not said."""
    config = _load_config(model)
    dtype = decided(model, placement, Use.TEXT, config).dtype
    options = {"config": config, "dtype": getattr(torch, dtype)}
    module: torch.nn.Module = _from_pretrained(transformers.AutoModelForSeq2SeqLM, model, options)
    return module.to(placement.device).eval()


def _load_generator(
    auto_class: Any, what_it_lacks: str, model: LocalModel, placement: Placement
) -> tuple[torch.nn.Module, Precision]:
    config = _load_config(model)
    if type(config) not in auto_class._model_mapping:
        raise ModelUnusable(
            f"{quoted(model.name)} is a {config.model_type} model, which {what_it_lacks}; choose another with -m"
        )
    precision = precision_of(model, placement, Use.TEXT, config, as_module=True)
    module = _from_pretrained(auto_class, model, _options(config, precision)).to(placement.device).eval()
    return module, precision


@_reads_foreign_files("cannot be loaded")
def load_llama(model: LocalModel, config: PretrainedConfig, placement: Placement) -> LlamaWeights | LlamaGraph | None:
    """What a decoder needs of a model of a `llama_config`, ready; None where its files are not plainly whole."""
    precision = precision_of(model, placement, Use.TEXT, config)
    if bits := BITS.get(precision.kernel):
        from nlpcli.models.graph.conversion import NoGraph, llama_graph

        try:
            return llama_graph(model, config, bits)
        except NoGraph as reason:
            precision = precision_of(model, placement, Use.TEXT, config, as_module=True)
            _say_slower(model, precision, str(reason))
    elif lacks_blocks(placement, ModelFacts(model.name, Family.LLAMA), Use.TEXT):
        _say_slower(model, precision, "onnxruntime is not installed")
    from nlpcli.models.llama.weights import llama_weights

    weights = llama_weights(model.folder, config, getattr(torch, precision.dtype))
    if weights is None:
        return None
    weights.to(placement.device).eval()
    prepare(weights, precision, model.name)
    return weights


def _say_slower(model: LocalModel, precision: Precision, reason: str) -> None:
    log.warning(
        "%s computes by torch in %s, slower than by ONNX Runtime: %s", quoted(model.name), precision.name, reason
    )


@_reads_foreign_files("cannot be loaded")
def is_bergamot(model: LocalModel) -> bool:
    """Whether the folder holds a student model of Bergamot's or Firefox's."""
    return bool(_load_config(model).model_type == BERGAMOT)


@_reads_foreign_files("cannot be loaded")
def is_encoder_decoder(model: LocalModel) -> bool:
    """Whether the model reads one text whole and writes another (BART, T5, Marian …)."""
    return bool(_load_config(model).is_encoder_decoder)


@_reads_foreign_files("cannot be loaded")
def is_writer(model: LocalModel) -> bool:
    """Whether the model says of itself that it writes text, as a decoder or an encoder-decoder."""
    config = _load_config(model)
    names = config.architectures or []
    writes = any(name.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")) for name in names)
    return bool(writes or config.is_encoder_decoder)


@_reads_foreign_files("cannot be loaded")
def own_labels(model: LocalModel) -> list[str]:
    """The labels of a classifier as its configuration spells them."""
    return [str(name) for name in _load_config(model).id2label.values()]


@_reads_foreign_files("cannot be loaded")
def is_classifier(model: LocalModel) -> bool:
    """Whether the model says of itself that it has a classification head."""
    architectures = _load_config(model).architectures or []
    return any(name.endswith("ForSequenceClassification") for name in architectures)


# Families whose plain model wants decoder inputs, and that have an encoder class of their own.
_TEXT_ENCODERS = frozenset({"t5", "mt5", "umt5"})


def _load_config(model: LocalModel) -> PretrainedConfig:
    check_folder(model.name, model.folder)
    _know_bergamot(model)
    config = transformers.AutoConfig.from_pretrained(model.folder, **_LOCAL)
    # A configuration can name attention or experts that are to be fetched from the hub as code: transformers chooses.
    config._attn_implementation = None
    config._experts_implementation = None
    return config


def _know_bergamot(model: LocalModel) -> None:
    """Bergamot's models are no part of transformers; only one of them pays for the import of its modelling code."""
    file = model.folder / "config.json"
    if file.is_file() and BERGAMOT.encode() in file.read_bytes():
        import nlpcli.models.bergamot  # noqa: F401 - makes transformers know them


def _from_pretrained(auto_class: Any, model: LocalModel, options: dict[str, Any]) -> Any:
    module, report = auto_class.from_pretrained(
        model.folder, **options, **_LOCAL, use_safetensors=True, output_loading_info=True
    )
    unused = _UNUSED_WEIGHTS if auto_class.__name__ in _WITHOUT_HEAD else ()
    missing = sorted(key for key in report["missing_keys"] if not any(part in key for part in unused))
    if missing:
        raise _WeightsMissing(model.name, missing)
    if beyond := _layers_beyond(module, report["unexpected_keys"]):
        raise ModelUnusable(
            f"{quoted(model.name)} has weights of more layers than its config.json says (first: {beyond}); one of them"
            " is damaged or of another model"
        )
    return module


def _layers_beyond(module: torch.nn.Module, unexpected: Any) -> str | None:
    """A weight that differs from one of the module in the number of its layer alone."""
    known = {_NUMBER.sub(".N.", name) for name, _ in module.named_parameters()} if unexpected else set()
    return next(
        (name for name in sorted(unexpected) if _NUMBER.search(name) and _NUMBER.sub(".N.", name) in known), None
    )


_NUMBER = re.compile(r"\.\d+\.")


class _WeightsMissing(ModelUnusable):
    """The file does not hold all that the architecture needs."""

    def __init__(self, name: str, missing: list[str]) -> None:
        self.first = missing[0]
        super().__init__(
            f"{quoted(name)} lacks {len(missing)} weights of its own architecture (first: {self.first});"
            " the file is incomplete or of another model"
        )


def _options(config: PretrainedConfig, precision: Precision) -> dict[str, Any]:
    return {"config": config, "dtype": getattr(torch, precision.dtype)}


def _ready(module: torch.nn.Module, placement: Placement, precision: Precision, name: str) -> torch.nn.Module:
    """An encoder on its device, with its layers for `precision` and the attention of a CPU."""
    module = module.to(placement.device).eval()
    prepare(module, precision, name)
    if placement.device_type == "cpu" and getattr(module.config, "_attn_implementation", None) == "sdpa":
        from nlpcli.models.attention import CPU_ATTENTION

        module.set_attn_implementation(CPU_ATTENTION)
    return module
