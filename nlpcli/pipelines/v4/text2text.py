"""Text → text: the text2text-generation pipeline that transformers v5 removed, and batches of our own making.

`pipeline(text)` takes and returns what it did in transformers 4.57. `generate` does the same from token ids to token
ids in padded batches, for the tasks of the command line.
"""

from __future__ import annotations

import enum
import logging
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import Pipeline
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
from transformers.tokenization_utils_base import TruncationStrategy

from nlpcli.pipelines.finite_logits import FINITE
from nlpcli.pipelines.windows import Window, pad
from nlpcli.runtime.batching import cut

log = logging.getLogger(__name__)

# What holds where neither the caller nor the model says anything, as in v4.
_DEFAULTS: dict[str, Any] = {"max_new_tokens": 256, "num_beams": 4}
# Each replaces the other: one counts what is generated, the other the first token (and a decoder's prompt) as well.
_EXCLUSIVE = {"max_length": "max_new_tokens", "max_new_tokens": "max_length"}


class ReturnType(enum.Enum):
    """What a pipeline gives of each sequence."""

    TENSORS = 0
    TEXT = 1


class Text2TextGenerationPipeline(Pipeline):  # type: ignore[misc]
    """`pipeline(text, **generate_arguments)` gives `[{"generated_text": …}]`; of a list, one such dict per text.

    The model's `prefix` and the `task_specific_params` of its configuration that bear the name of the pipeline's task
    are honoured. Arguments of a call win over those of the constructor, these over the model's.
    """

    # The stem of the keys in the results.
    return_name = "generated"

    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check_model_type(MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES)
        config = self.model.config
        of_task = dict((getattr(config, "task_specific_params", None) or {}).get(self.task) or {})
        self.prefix: str = of_task.pop("prefix", None) or getattr(config, "prefix", None) or ""
        self._of_task: dict[str, Any] = of_task

    def _sanitize_parameters(
        self,
        return_tensors: bool | None = None,
        return_text: bool | None = None,  # noqa: ARG002 - taken and without effect, as in v4
        return_type: ReturnType | None = None,
        clean_up_tokenization_spaces: bool | None = None,
        truncation: bool | str | TruncationStrategy | None = None,
        stop_sequence: str | None = None,
        **generate_kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if return_tensors is not None and return_type is None:
            return_type = ReturnType.TENSORS if return_tensors else ReturnType.TEXT
        if stop_sequence is not None:
            generate_kwargs["eos_token_id"] = self._stop_token(stop_sequence)
        postprocess = {"return_type": return_type, "clean_up_tokenization_spaces": clean_up_tokenization_spaces}
        return _given({"truncation": truncation}), generate_kwargs, _given(postprocess)

    def _stop_token(self, stop_sequence: str) -> int:
        token_ids: Window = self.tokenizer.encode(stop_sequence, add_special_tokens=False)
        if len(token_ids) > 1:
            warnings.warn(f'"{stop_sequence}" is several tokens; generation stops at the first of them', stacklevel=2)
        return token_ids[0]

    def check_inputs(self, input_length: int, min_length: int | None, max_length: int | None) -> None:
        """Warn of lengths that do not go together; a pipeline of a more special task knows which."""

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The texts that the model makes of `inputs`, a string or a list of strings.

        Args:
            inputs: the texts.
            args: none.
            kwargs: arguments of `generate`; `return_tensors` (token ids instead of text),
                `clean_up_tokenization_spaces`, `truncation` (default: nothing is cut), `stop_sequence`, `batch_size`.

        Returns:
            A list of dicts with the key `<return_name>_text`, or `<return_name>_token_ids`; with
            `num_return_sequences` above 1, a list of lists of them for a list of texts.
        """
        results = super().__call__(inputs, *args, **kwargs)
        flat = isinstance(inputs, list) and all(isinstance(text, str) for text in inputs)
        if flat and all(len(result) == 1 for result in results):
            return [result[0] for result in results]
        return results

    def preprocess(
        self,
        inputs: str | list[str],
        truncation: bool | str | TruncationStrategy = TruncationStrategy.DO_NOT_TRUNCATE,
    ) -> Any:
        """Token ids and mask of one text, or of a list of texts that are padded to the longest."""
        return self._parse_and_tokenize(inputs, truncation=truncation)

    def _parse_and_tokenize(self, inputs: str | list[str], truncation: bool | str | TruncationStrategy) -> Any:
        if isinstance(inputs, list):
            if self.tokenizer.pad_token_id is None:
                raise ValueError("a list of texts is padded, and this tokenizer has no pad_token")
            prefixed: str | list[str] = [self.prefix + text for text in inputs]
        elif isinstance(inputs, str):
            prefixed = self.prefix + inputs
        else:
            raise ValueError(f"a pipeline of this kind takes str or list[str], not {type(inputs).__name__}")  # noqa: TRY004 - as in v4
        encoded = self.tokenizer(prefixed, padding=isinstance(inputs, list), truncation=truncation, return_tensors="pt")
        # Some tokenizers make them, and no encoder-decoder model takes them.
        encoded.pop("token_type_ids", None)
        return encoded

    def _forward(self, model_inputs: Any, **generate_kwargs: Any) -> dict[str, Tensor]:
        inputs, length = model_inputs["input_ids"].shape
        options = self.generation_options(generate_kwargs, _DEFAULTS)
        limits = {**self.model.generation_config.to_diff_dict(), **options}
        self.check_inputs(length, limits.get("min_length"), limits.get("max_length") or limits.get("max_new_tokens"))
        output = self.model.generate(**model_inputs, **options)
        output_ids = output if isinstance(output, Tensor) else output.sequences
        return {"output_ids": output_ids.reshape(inputs, len(output_ids) // inputs, *output_ids.shape[1:])}

    def generation_options(self, given: dict[str, Any], defaults: dict[str, Any] | None = None) -> dict[str, Any]:
        """What to call the model's `generate` with; what it leaves out is as the model's own configuration says.

        `defaults` hold where nobody says anything. A `generation_config` in `given` is meant as it stands: neither the
        task nor the defaults add to it.
        """
        if given.get("generation_config") is not None:
            return dict(given)
        of_model = self.model.generation_config.to_diff_dict()
        of_constructor = self._forward_params
        of_call = {name: value for name, value in given.items() if value is not of_constructor.get(name)}
        options = dict(defaults or {})
        for layer in (of_model, self._of_task, of_constructor, of_call):
            options = {name: value for name, value in options.items() if _EXCLUSIVE.get(name) not in layer} | layer
        # `None` says so where the model's configuration limits the length in the other way.
        unset = {other: None for name, other in _EXCLUSIVE.items() if name in options}
        own = {name: value for name, value in options.items() if name not in of_model or value is not of_model[name]}
        return self._padding() | {name: None for name in unset if name in of_model} | own

    def _padding(self) -> dict[str, Any]:
        padding = self.tokenizer.pad_token_id
        known = padding is None or self.model.generation_config.pad_token_id is not None
        return {} if known else {"pad_token_id": padding}

    def postprocess(
        self,
        model_outputs: dict[str, Tensor],
        return_type: ReturnType = ReturnType.TEXT,
        clean_up_tokenization_spaces: bool = False,
    ) -> list[dict[str, Any]]:
        """One dict per sequence of the first text."""
        sequences = model_outputs["output_ids"][0]
        if return_type == ReturnType.TENSORS:
            return [{f"{self.return_name}_token_ids": sequence} for sequence in sequences]
        return [
            {
                f"{self.return_name}_text": self.tokenizer.decode(
                    sequence,
                    skip_special_tokens=True,
                    clean_up_tokenization_spaces=clean_up_tokenization_spaces,
                )
            }
            for sequence in sequences
        ]

    def generate(
        self, windows: Sequence[Window], max_tokens: int | None = None, **generate_kwargs: Any
    ) -> list[Window]:
        """What the model makes of each window, special tokens left out, in the order of the windows.

        Greedy or with beams, as `generate_kwargs`, the model's task or its generation configuration say. Windows of
        about equal length share a batch of at most `max_tokens` padded tokens (None: one batch).
        """
        options = self.generation_options(generate_kwargs)
        longest = max(map(len, windows), default=0)
        outputs: list[Window] = [[] for _ in windows]
        for batch in cut([len(window) for window in windows], max_tokens or longest * len(windows)):
            for index, output in zip(batch, self._generate_batch([windows[i] for i in batch], options), strict=True):
                outputs[index] = output
        return outputs

    def _generate_batch(self, windows: list[Window], options: dict[str, Any]) -> list[Window]:
        inputs = pad(windows, self.tokenizer.pad_token_id or 0, self.device)
        # Left out, `generate` takes every padding token for padding, also one that stands in a text.
        inputs.setdefault("attention_mask", torch.ones_like(inputs["input_ids"]))
        with torch.inference_mode():
            rows: list[Window] = self.model.generate(**inputs, **FINITE, **options).tolist()
        special = set(self.tokenizer.all_special_ids)
        return [[token for token in row if token not in special] for row in rows]

    def decode(self, token_ids: Window) -> str:
        """The text of what `generate` gave."""
        text: str = self.tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
