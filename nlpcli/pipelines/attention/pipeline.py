"""Text → what every head attends to.

`pipeline("feature-extraction")` and its kin return no attention, and fused kernels never have the weights: this
pipeline computes with the eager ones, takes the heads that were asked for, and measures and checks them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import Pipeline
from transformers.pipelines import PIPELINE_REGISTRY

import nlpcli.models.bergamot  # noqa: F401 - makes transformers know these models
from nlpcli.errors import InputError, ModelUnusable, UsageError, quoted
from nlpcli.models.attention_layers import attention_layers, layers_of, longest_in_full, text_part, without_cache
from nlpcli.models.attention_sound import Attended, observing
from nlpcli.models.loading import load_attention_model, load_tokenizer
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attention.ablation import Named, Silencer, divergence, heads_of, mean_vector
from nlpcli.pipelines.attention.answers import Answers
from nlpcli.pipelines.attention.capture import EVERYTHING, Numbers, Selection, WeightTap, check_selection
from nlpcli.pipelines.attention.formula import FormulaCheck
from nlpcli.pipelines.attention.measures import summarize_heads
from nlpcli.pipelines.attention.memory import check_memory
from nlpcli.pipelines.attention.objective import Objective, objective_of
from nlpcli.pipelines.attention.token_labels import label_tokens, with_unknown
from nlpcli.pipelines.attribution.embeddings import WordEmbeddings, without_content
from nlpcli.pipelines.attribution.integrated import Integral, integrated_gradients
from nlpcli.records.attribution import Attribution, Share
from nlpcli.records.finite import NOT_A_NUMBER
from nlpcli.records.inspection import Ablation, Ablations, AttentionMap, Head, Inspection, Kind, Token
from nlpcli.runtime.device import Placement

log = logging.getLogger(__name__)

TASK = "attention-inspection"
Method = Literal["raw", "rollout", "gradient", "integrated-gradients"]


class NotANumber(InputError):
    """What the model computes over this text is NaN or infinite."""


class TextTooLong(InputError):
    """The model takes fewer tokens, and a part of a text has another attention than the whole."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to look at. `pair`: the second segment of an encoder, the forced output of an encoder-decoder model."""

    selection: Selection = EVERYTHING
    method: Method = "raw"
    pair: str | None = None
    top: int = 0
    verify: bool = False
    part: Literal["text", "vision"] | None = None
    ablate: tuple[Named, ...] = ()


class AttentionPipeline(Pipeline):  # type: ignore[misc]
    """`pipeline(text, request=Request(…))` gives the `Inspection` of a text."""

    _load_tokenizer = True

    def __init__(self, *args: Any, name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model.set_attn_implementation("eager")
        self.name = name
        self._network = text_part(self.model)
        self._answers = Answers(self.model.config, self.tokenizer)
        self._layers = attention_layers(self._network)
        if not self._layers:
            raise ModelUnusable(
                f"the attention of {self.model.config.model_type} models is built in a way that nlpcli does not know"
            )
        limits = (longest_input(self._network.config, self.tokenizer), longest_in_full(self._network.config))
        self.longest_input = min(limit for limit in limits if limit is not None)
        # The hooks of two texts at a time would observe each other's layers.
        self._alone = threading.Lock()

    @property
    def numbers(self) -> dict[Kind, tuple[Numbers, Numbers]]:
        """The layers that the model has of each kind, by their numbers in the model, and their heads."""
        found = {}
        for kind in Kind:
            if own := list(layers_of(self._layers, kind)):
                found[kind] = (tuple(layer.layer for layer in own), tuple(range(own[0].heads)))
        return found

    @property
    def shapes(self) -> dict[Kind, tuple[int, int]]:
        """How many layers and heads the model has of each kind."""
        return {kind: (len(layers), len(heads)) for kind, (layers, heads) in self.numbers.items()}

    def inspect(self, text: str, request: Request = Request()) -> Inspection:
        """The attention of one text.

        Raises:
            UsageError: the model has no such layer or head, or nothing to do with a second text.
            TextTooLong: the model takes fewer tokens.
            OutOfMemory: what is to be held does not fit; fewer layers and heads may.
            ModelUnusable: the model returns no weights, or --verify does not know it.
        """
        with self._alone:
            inspection: Inspection = self(text, request=request)
            return with_unknown(inspection, self._unknown(text, request, inspection))

    def _unknown(self, text: str, request: Request, inspection: Inspection) -> dict[int, str]:
        """What stands in the text where the tokenizer knows no token, by the place of the token."""
        unknown = self.tokenizer.unk_token
        if not self.tokenizer.is_fast or all(token.text != unknown for token in inspection.tokens):
            return {}
        second = None if self.model.config.is_encoder_decoder else request.pair
        encoded = self.tokenizer(text, second, truncation=False, return_offsets_mapping=True)
        texts = (text, second or "")
        return {
            number: texts[encoded.sequence_ids()[number] or 0][start:end].strip()
            for number, (start, end) in enumerate(encoded["offset_mapping"])
            if inspection.tokens[number].text == unknown
        }

    def _sanitize_parameters(self, request: Request = Request()) -> tuple[dict[str, Any], ...]:
        parameters = {"request": request}
        return parameters, parameters, parameters

    def preprocess(self, inputs: str, request: Request = Request()) -> dict[str, Tensor]:
        """`input_ids` and what else the model takes, for one text."""
        check_selection(request.selection, self.numbers)
        self._check_part(request)
        if request.method == "rollout":
            self._check_rollout(request)
        for named in request.ablate:
            heads_of(named, self.numbers)
        if request.pair is not None and not self._takes_pair():
            raise UsageError(
                f"--pair needs an encoder or an encoder-decoder model; {quoted(self.name)} is a decoder alone"
            )
        second = None if self.model.config.is_encoder_decoder else request.pair
        encoded = self.tokenizer(inputs, second, truncation=False, return_tensors="pt")
        length = encoded["input_ids"].shape[1]
        if length > self.longest_input:
            raise TextTooLong(
                f"{length:,} tokens, and the model takes {self.longest_input:,} at a time;"
                " inspect a shorter text (a part of it would have another attention)"
            )
        return dict(encoded)

    def _check_part(self, request: Request) -> None:
        if request.part is None:
            return
        if not hasattr(self.model.config, "vision_config"):
            raise UsageError(f"--part chooses between two, and {quoted(self.name)} has text alone; leave it out")
        if request.part == "vision":
            raise UsageError(
                "--part vision attends to pictures, and nlpcli reads texts; leave it out, or say --part text"
            )

    def _check_rollout(self, request: Request) -> None:
        """Rollout is the product over every layer that the text passes through, of weights that sum to 1."""
        layers, _ = self._chosen(request).get(Kind.SELF, ((), ()))
        if not layers:
            raise UsageError(f"--method rollout needs a layer of self-attention of {quoted(self.name)}'s input")
        there = {layer.layer for layer in layers_of(self._layers, Kind.SELF)}
        if missing := [str(number) for number in range(layers[-1]) if number not in there]:
            raise UsageError(
                f"--method rollout goes through every layer, and {len(missing)} of {quoted(self.name)}"
                f" do not attend ({', '.join(missing[:5])}); use --method raw or gradient"
            )
        if any(hasattr(layer.module, "sinks") for layer in self._layers):
            raise UsageError(
                f"--method rollout needs weights that sum to 1, and those of {quoted(self.name)} leave a part to sinks;"
                " use --method raw or gradient"
            )

    def _takes_pair(self) -> bool:
        return self.model.config.is_encoder_decoder or not any(layer.causal for layer in self._layers)

    def _forward(self, model_inputs: dict[str, Tensor], request: Request = Request()) -> dict[str, Any]:
        if not model_inputs["input_ids"].numel():
            return {"input_ids": [], "maps": [], "checks": []}
        self._check_memory(request, model_inputs["input_ids"].shape[1], 0)
        arguments: dict[str, Any] = dict(model_inputs)
        produced: Tensor | None = None
        if self.model.config.is_encoder_decoder:
            decoder_ids = self._decoder_ids(model_inputs, request)
            arguments["decoder_input_ids"], produced = decoder_ids[:, :-1], decoder_ids[:, 1:]
            self._check_memory(request, model_inputs["input_ids"].shape[1], produced.shape[1])
        heard = self._listen(arguments, produced, request)
        outputs, answer = heard.pop("outputs"), heard.pop("answer")
        if request.method == "integrated-gradients":
            heard["attribution"] = self._attribute(arguments, answer), self._answers.target_of(answer)
        if request.ablate:
            heard["ablations"] = self._ablate(arguments, produced, outputs, answer, request)
        return heard

    def _attribute(self, arguments: dict[str, Any], answer: Objective) -> Integral:
        """What each token of the input makes of the answer."""
        self.model.requires_grad_(False)
        embeddings = WordEmbeddings(self._network)
        ids = arguments["input_ids"][0]
        special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        content = [token not in special for token in ids.tolist()]

        def score(points: Tensor) -> Tensor:
            rows = {name: value.expand(len(points), *value.shape[1:]) for name, value in arguments.items()}
            with embeddings.replaced(ids, points):
                return answer.of(self._network(**rows, **without_cache(self._network)))

        nothing = without_content(self.tokenizer, ids.tolist(), content)
        return integrated_gradients(score, embeddings.of(ids), embeddings.of(nothing))

    def _ablate(
        self, arguments: dict[str, Any], produced: Tensor | None, outputs: Any, answer: Objective, request: Request
    ) -> Ablations:
        """The answer without each of the heads, and without all of them where there are several."""
        heads = [head for named in request.ablate for head in heads_of(named, self.numbers)]
        heads = list(dict.fromkeys(heads))
        groups = [(head,) for head in heads] + ([tuple(heads)] if len(heads) > 1 else [])
        before = self._answers.of(outputs, answer, produced, produced)
        return Ablations(
            answer.kind,
            before,
            tuple(self._without(group, arguments, produced, outputs, answer, request) for group in groups),
        )

    def _without(
        self,
        heads: tuple[Head, ...],
        arguments: dict[str, Any],
        produced: Tensor | None,
        before: Any,
        answer: Objective,
        request: Request,
    ) -> Ablation:
        with observing(self._network, Silencer(self._layers, heads).observe):
            outputs = self._network(**arguments, **without_cache(self._network))
            written = produced
            if produced is not None and request.pair is None:
                written = self._decoder_ids({"input_ids": arguments["input_ids"]}, request)[:, 1:]
        found = self._answers.of(outputs, answer, produced, written)
        if answer.kind == "vector":
            cosine = torch.cosine_similarity(mean_vector(before), mean_vector(outputs), dim=0)
            return Ablation(heads, found, float(cosine), None)
        number = self._answers.number_of(outputs, answer)
        place = (0, -1) if answer.kind == "next token" else (0,)
        return Ablation(heads, found, number, divergence(before.logits[place], outputs.logits[place]))

    def _listen(self, arguments: dict[str, Any], produced: Tensor | None, request: Request) -> dict[str, Any]:
        """One computation of the whole text, with the weights taken on the way."""
        chosen = self._chosen(request)
        with_gradients = request.method == "gradient"
        tap = WeightTap(chosen, self._layers, rollout=request.method == "rollout", keep_graph=with_gradients)
        check = FormulaCheck(self._network, self._layers, self.name) if request.verify else None

        def observe(attended: Attended) -> None:
            layer = tap.observe(attended)
            if check is not None and layer is not None:
                check.observe(layer, attended)

        with ExitStack() as hooks:
            hooks.enter_context(observing(self._network, observe))
            if check is not None:
                hooks.enter_context(check.on())
            if with_gradients:
                hooks.enter_context(self._differentiable())
            outputs = self._network(**arguments, **without_cache(self._network))
            checks = [] if check is None else check.checks(outputs)
            answer = objective_of(outputs, produced)
            target = answer.of(outputs)[0] if with_gradients else None
            maps = [(kind, *chosen[kind], *_taken(tap, kind, target)) for kind in chosen if all(chosen[kind])]
            self._refuse_what_is_no_number(maps, outputs)
            return {
                "input_ids": arguments["input_ids"][0].tolist(),
                "decoder_ids": _listed(arguments.get("decoder_input_ids")),
                "produced": _listed(produced),
                "maps": maps,
                "rollout": tap.rollout,
                "checks": checks,
                "outputs": outputs,
                "answer": answer,
            }

    def _refuse_what_is_no_number(self, maps: Sequence[Any], outputs: Any) -> None:
        answer = outputs.get("logits", outputs.get("last_hidden_state"))
        for tensor in [*(tensor for map_ in maps for tensor in map_[-2:]), answer]:
            if tensor is not None and not bool(tensor.isfinite().all()):
                raise NotANumber(NOT_A_NUMBER)

    def _chosen(self, request: Request) -> dict[Kind, tuple[Numbers, Numbers]]:
        return {kind: request.selection.of(*there) for kind, there in self.numbers.items()}

    @contextmanager
    def _differentiable(self) -> Iterator[None]:
        """Gradients from the embeddings on (encoder and decoder have theirs); no parameter needs one."""
        self.model.requires_grad_(False)

        def start(module: Any, inputs: Any, output: Tensor) -> Tensor:  # noqa: ARG001
            return output.requires_grad_()

        embeddings = [module for module in self.model.modules() if isinstance(module, nn.Embedding)]
        handles = [module.register_forward_hook(start) for module in embeddings]
        try:
            with torch.enable_grad():
                yield
        finally:
            for handle in handles:
                handle.remove()

    def _decoder_ids(self, model_inputs: dict[str, Tensor], request: Request) -> Tensor:
        """The decoder's start token and what follows it: the greedy output, or the target that was asked for."""
        if request.pair is None:
            limit = self._longest_output(model_inputs)
            written: Tensor = self.model.generate(**model_inputs, do_sample=False, num_beams=1, max_new_tokens=limit)
            if written.shape[1] > limit and int(written[0, -1]) not in self._ends():
                log.warning("the output had not ended after %d tokens: the attention is that of these", limit)
            return written
        target = self.tokenizer(text_target=request.pair, return_tensors="pt")["input_ids"].to(self.device)
        start = torch.full_like(target[:, :1], self.model.config.decoder_start_token_id)
        if target.shape[1] > self.longest_input:
            raise TextTooLong(f"--pair has {target.shape[1]:,} tokens, and the model takes {self.longest_input:,}")
        return torch.cat([start, target], dim=1)

    def _ends(self) -> list[int]:
        ends: int | list[int] | None = self.model.generation_config.eos_token_id
        return ends if isinstance(ends, list) else [] if ends is None else [ends]

    def _longest_output(self, model_inputs: dict[str, Tensor]) -> int:
        return int(min(self.longest_input - 1, 2 * model_inputs["input_ids"].shape[1] + 32))

    def _check_memory(self, request: Request, tokens: int, output_tokens: int) -> None:
        check_memory(self.shapes, self._chosen(request), tokens, output_tokens, request.method == "gradient")

    def postprocess(self, model_outputs: dict[str, Any], request: Request = Request()) -> Inspection:
        """The arrays and summaries of one text."""
        tokens = label_tokens(self.tokenizer, model_outputs["input_ids"])
        if not tokens:
            return Inspection(self.name, (), ())
        decoder = self._output_tokens(model_outputs["decoder_ids"])
        produced = self._output_tokens(model_outputs["produced"])
        sides = {Kind.SELF: (tokens, tokens), Kind.DECODER: (decoder, decoder), Kind.CROSS: (produced, tokens)}
        rollout = model_outputs["rollout"]
        maps = tuple(
            AttentionMap(
                kind,
                *sides[kind],
                layers,
                heads,
                weights.numpy(),
                visible.numpy(),
                None if gradient is None else gradient.numpy(),
                rollout.float().cpu().numpy() if rollout is not None and kind is Kind.SELF else None,
            )
            for kind, layers, heads, visible, weights, gradient in model_outputs["maps"]
        )
        heads = [summary for map_ in maps for summary in summarize_heads(map_, request.top)]
        checks = tuple(model_outputs["checks"])
        attribution = None
        if "attribution" in model_outputs:
            integral, target = model_outputs["attribution"]
            attribution = _attribution(integral, target, tokens)
        ablations = model_outputs.get("ablations")
        return Inspection(self.name, tokens, maps, tuple(heads), produced or None, checks, attribution, ablations)

    def _output_tokens(self, token_ids: Sequence[int]) -> tuple[Token, ...]:
        """The labels of what the decoder reads and writes: some tokenizers have a vocabulary of its own for it."""
        if not hasattr(self.tokenizer, "_switch_to_target_mode"):
            return label_tokens(self.tokenizer, token_ids)
        self.tokenizer._switch_to_target_mode()
        try:
            return label_tokens(self.tokenizer, token_ids)
        finally:
            self.tokenizer._switch_to_input_mode()


def _taken(tap: WeightTap, kind: Kind, target: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """What can be seen, weights, and (A ⊙ ∂y/∂A)⁺ where there is an objective y (Chefer, Gur and Wolf 2021, equation 5,
    each head).
    """
    weights = tap.weights(kind)
    if target is None:
        return tap.visible(kind), weights, None
    return tap.visible(kind), weights, (weights * tap.gradients(kind, target)).clamp(min=0)


def _attribution(integral: Integral, target: str, tokens: Sequence[Token]) -> Attribution:
    """The scores with the tokens that they are of."""
    shares = tuple(Share(token.text, float(score)) for token, score in zip(tokens, integral.scores, strict=True))
    return Attribution(
        "integrated gradients", target, integral.value, shares, integral.baseline, integral.error, integral.steps
    )


def _listed(token_ids: Tensor | None) -> list[int]:
    return [] if token_ids is None else token_ids[0].tolist()


def load_attention_pipeline(model: LocalModel, placement: Placement) -> AttentionPipeline:
    """The pipeline of a model on its device.

    Raises:
        ModelError: the folder does not hold a model whose attention can be seen, or an unsafe one.
    """
    tokenizer = load_tokenizer(model)
    return AttentionPipeline(
        model=load_attention_model(model, placement),
        tokenizer=tokenizer,
        device=torch.device(placement.device),
        task=TASK,
        name=model.name,
    )


def _register() -> None:
    from transformers import AutoModel

    PIPELINE_REGISTRY.register_pipeline(TASK, pipeline_class=AttentionPipeline, pt_model=AutoModel, type="text")


_register()
