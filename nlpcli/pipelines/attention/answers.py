"""What a model answers, in words and as a number: its label, next token, output or vector."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from nlpcli.pipelines.attention.ablation import mean_vector
from nlpcli.pipelines.attention.objective import Objective, log_probabilities
from nlpcli.records.inspection import Answer


class Answers:
    """The answers of one model; `config` names its labels."""

    def __init__(self, config: Any, tokenizer: Any) -> None:
        self._config = config
        self._tokenizer = tokenizer

    def of(self, outputs: Any, objective: Objective, produced: Tensor | None, written: Tensor | None) -> Answer:
        """What the model says in `outputs`; of an encoder-decoder what it has `written`."""
        if objective.kind == "vector":
            return Answer("", float(mean_vector(outputs).norm()))
        if objective.kind == "output" and produced is not None and written is not None:
            text = self._tokenizer.decode(written[0].tolist(), skip_special_tokens=True)
            return Answer(text, float(log_probabilities(outputs.logits, produced).sum()))
        if objective.kind == "next token":
            probabilities = outputs.logits[0, -1].float().softmax(-1)
            best = int(probabilities.argmax())
            return Answer(self._tokenizer.decode([best]), float(probabilities[best]))
        scores = self._label_scores(outputs)
        best = int(scores.argmax())
        return Answer(str(self._config.id2label[best]), float(scores[best]))

    def number_of(self, outputs: Any, objective: Objective) -> float:
        """What `outputs` give to the objective: a probability, the score of a label, or a log-probability."""
        if objective.kind == "label":
            return float(self._label_scores(outputs)[objective.index])
        number = float(objective.of(outputs)[0])
        return math.exp(number) if objective.kind == "next token" else number

    def target_of(self, objective: Objective) -> str:
        """The objective in words."""
        if objective.kind == "label" and objective.index is not None:
            return f"logit of {self._config.id2label[objective.index]}"
        if objective.kind == "next token" and objective.index is not None:
            return f"log-probability of the next token {self._tokenizer.decode([objective.index])!r}"
        return "log-probability of the output" if objective.kind == "output" else "length of the vector"

    def _label_scores(self, outputs: Any) -> Tensor:
        """The probability of each label; of a regression its values."""
        logits = outputs.logits[0].float()
        if logits.numel() == 1 or self._config.problem_type == "multi_label_classification":
            return logits if self._config.problem_type == "regression" else logits.sigmoid()
        return logits.softmax(-1)
