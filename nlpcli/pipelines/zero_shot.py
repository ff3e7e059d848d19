"""Text → probability of labels that the user made up.

Two ways, with one interface (that of `ClassificationPipeline`): a model of natural-language inference is asked
whether the text entails "This example is about billing." (Yin et al. 2019, "Benchmarking Zero-shot Text
Classification"); any other encoder compares the vector of the text with that of the same sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import ZeroShotClassificationPipeline

from nlpcli.errors import ModelUnusable, UsageError, quoted
from nlpcli.models.loading import is_classifier, load_classifier, load_tokenizer, own_labels
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.models.static.kinds import is_static
from nlpcli.models.static.store import WordVectors
from nlpcli.pipelines.attribution.embeddings import WordEmbeddings
from nlpcli.pipelines.attribution.evidence import Evidence
from nlpcli.pipelines.classification import ClassificationPipeline, Probabilities, load_classification_pipeline
from nlpcli.pipelines.embedding import EmbeddingPipeline, load_embedding_pipeline
from nlpcli.pipelines.labels import Meaning
from nlpcli.pipelines.static import StaticPipeline, load_static_pipeline
from nlpcli.pipelines.windows import Pairs, Window, Windows, pad
from nlpcli.runtime.device import Placement
from nlpcli.text.tone import tone_of

# Cosine similarities of unrelated texts lie within a few hundredths: this spreads them to probabilities. Chosen, not
# fitted: no labels are known beforehand.
_SIMILARITY_SCALE = 20.0


class EntailmentClassifier:
    """Asks a model of natural-language inference about every label, in batches."""

    meaning = Meaning.ONE_OF

    def __init__(self, pipeline: ZeroShotClassificationPipeline, labels: Sequence[str], hypothesis: str) -> None:
        self.labels = tuple(labels)
        self.tokenizer = pipeline.tokenizer
        self._pipeline = pipeline
        self._hypotheses = [
            self.tokenizer(hypothesis.replace("{}", label), add_special_tokens=False)["input_ids"] for label in labels
        ]
        limit = longest_input(pipeline.model.config, self.tokenizer)
        self._pairs = Pairs(self.tokenizer)
        self._longest_hypothesis = max(map(len, self._hypotheses))
        # A window is cut with the special tokens of a single text, and read with those of a pair.
        alone = len(self.tokenizer("")["input_ids"])
        limit += alone - self._pairs.special_tokens - self._longest_hypothesis
        if limit <= alone:
            raise UsageError("the labels leave no room for a text in what the model takes at a time; shorten them")
        self._windows = Windows(self.tokenizer, limit)

    @property
    def longest_input(self) -> int:
        """How many tokens of a text the model takes at a time beside a label."""
        return self._windows.longest_input

    def windows(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text."""
        return self._windows.at_sentence_ends(texts)

    def cost(self, window: Window) -> int:
        """One row for each label."""
        return len(self.labels) * (len(window) + self._longest_hypothesis)

    def classify(self, windows: Sequence[Window]) -> Probabilities:
        """(windows, labels) float32: softmax of the entailment logits over the labels."""
        texts = [self._windows.without_special_tokens(window) for window in windows]
        rows = [self._pairs.join(text, hypothesis) for text in texts for hypothesis in self._hypotheses]
        device = self._pipeline.device
        inputs = self._windows.collate([window for window, _ in rows], device)
        if self._pairs.has_segments:
            inputs["token_type_ids"] = pad([segments for _, segments in rows], 0, device)["input_ids"]
        with torch.inference_mode():
            logits = self._pipeline.model(**inputs).logits.float()[:, self._pipeline.entailment_id]
            return torch.softmax(logits.view(len(windows), -1), dim=-1).cpu().numpy()  # type: ignore[no-any-return]

    def places(self, text: str, windows: Sequence[Window]) -> list[list[tuple[int, int] | None]]:
        """Where the tokens of each window of a text stand in it."""
        return self._windows.places(text, windows, whole=False)

    def evidence(self, window: Window) -> Evidence:
        """The entailment of each label by a window, to take gradients of; the tokens of the labels stay."""
        model, device = self._pipeline.model, self._pipeline.device
        embeddings = WordEmbeddings(model)
        text = self._windows.without_special_tokens(window)
        rows = [self._pairs.join(text, hypothesis) for hypothesis in self._hypotheses]
        start = self._pairs.start

        def logits(points: Tensor) -> Tensor:
            found = []
            for row, segments in rows:
                ids = torch.tensor(row, device=device)
                whole = embeddings.of(ids).expand(len(points), -1, -1)
                filled = torch.cat([whole[:, :start], points, whole[:, start + len(text) :]], dim=1)
                more = {}
                if self._pairs.has_segments:
                    more["token_type_ids"] = torch.tensor(segments, device=device).expand(len(points), -1)
                with embeddings.replaced(ids, filled):
                    outputs = model(input_ids=ids.expand(len(points), -1), **more)
                found.append(outputs.logits.float()[:, self._pipeline.entailment_id])
            return torch.stack(found, dim=1)

        return Evidence(self.tokenizer, text, embeddings.of, logits, self._windows.prefix_length)


class SimilarityClassifier:
    """Compares the vector of each window with those of the labels."""

    meaning = Meaning.ONE_OF

    def __init__(self, embedding: EmbeddingPipeline | StaticPipeline, labels: Sequence[str], hypothesis: str) -> None:
        self.labels = tuple(labels)
        self.tokenizer = getattr(embedding, "tokenizer", None)
        self._embedding = embedding
        self.longest_input = embedding.longest_input
        self.unknown = embedding.unknown
        self._prompt = embedding.sentence_config.prompt
        # The words of the hypothesis that all labels share would make them alike.
        has_words = isinstance(embedding, StaticPipeline) and isinstance(embedding.vectors, WordVectors)
        self._pooling = "sif" if has_words else "auto"
        # A window for each label, which is a text with a word or two.
        hypotheses = [self._prompt + hypothesis.replace("{}", label) for label in labels]
        windows = embedding.windows_at_sentence_ends(hypotheses)
        self._label_vectors = self._unit_vectors([windows_of_label[0] for windows_of_label in windows])

    def windows(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text."""
        return self._embedding.windows_at_sentence_ends([self._prompt + text for text in texts])

    def cost(self, window: Window) -> int:
        """The tokens that a window costs."""
        return len(window)

    def classify(self, windows: Sequence[Window]) -> Probabilities:
        """(windows, labels) float32: softmax of the scaled cosine similarities; NaN where no word is known."""
        vectors = self._unit_vectors(windows)
        scores = _SIMILARITY_SCALE * vectors @ self._label_vectors.T
        if self._embedding.has_closed_vocabulary:
            scores[~vectors.any(1)] = np.nan
        exponentials = np.exp(scores - scores.max(1, keepdims=True))
        return exponentials / exponentials.sum(1, keepdims=True)  # type: ignore[no-any-return]

    def places(self, text: str, windows: Sequence[Window]) -> list[list[tuple[int, int] | None]]:
        """Where the tokens of each window of a text stand in it."""
        return self._transformer.places(text, windows, whole=False)

    def evidence(self, window: Window) -> Evidence:
        """The scaled similarities of a window, to take gradients of."""
        labels = torch.tensor(self._label_vectors, device=self._transformer.device)
        vectors = self._transformer.differentiable(window)

        def logits(points: Tensor) -> Tensor:
            return _SIMILARITY_SCALE * torch.nn.functional.normalize(vectors.of(points), dim=-1) @ labels.T

        return Evidence(self.tokenizer, window, vectors.embeddings.of, logits)

    @property
    def _transformer(self) -> EmbeddingPipeline:
        if isinstance(self._embedding, StaticPipeline):
            raise UsageError("--why explains what a model makes of words together; static vectors do not, leave it out")
        return self._embedding

    def _unit_vectors(self, windows: Sequence[Window]) -> Probabilities:
        vectors = self._embedding.encode(windows, pooling=self._pooling)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # type: ignore[no-any-return]


class ToneClassifier:
    """A classifier that tells good from bad, asked for some of its labels by names of the user's own."""

    meaning = Meaning.ONE_OF

    def __init__(self, classification: ClassificationPipeline, places: Mapping[str, int]) -> None:
        """`places`: for each label of the user the place of the classifier's."""
        self.labels = tuple(places)
        self.tokenizer = classification.tokenizer
        self.longest_input = classification.longest_input
        self.windows = classification.windows
        self.cost = classification.cost
        self.places = classification.places
        self._classification = classification
        self._columns = list(places.values())

    def classify(self, windows: Sequence[Window]) -> Probabilities:
        """(windows, labels) float32: the probabilities of these labels, as if there were no others."""
        probabilities = self._classification.classify(windows)[:, self._columns]
        return probabilities / np.maximum(probabilities.sum(1, keepdims=True), 1e-12)  # type: ignore[no-any-return]

    def evidence(self, window: Window) -> Evidence:
        """The logits of these labels, to take gradients of."""
        whole = self._classification.evidence(window)
        return whole.with_logits(lambda points: whole.logits(points)[:, self._columns])


def load_zero_shot_pipeline(
    model: LocalModel, placement: Placement
) -> ZeroShotClassificationPipeline | EmbeddingPipeline | StaticPipeline | ClassificationPipeline:
    """The pipeline that fits the model; `zero_shot_classifier` puts labels in front of it.

    Raises:
        ModelError: the model is unsafe, or cannot be loaded.
    """
    if is_static(model.folder):
        return load_static_pipeline(model, placement)
    if not is_classifier(model):
        return load_embedding_pipeline(model, placement)
    if not any(name.lower().startswith("entail") for name in own_labels(model)):
        return load_classification_pipeline(model, placement)
    tokenizer = load_tokenizer(model)
    module = load_classifier(model, placement)
    return ZeroShotClassificationPipeline(model=module, tokenizer=tokenizer, device=torch.device(placement.device))


def zero_shot_classifier(
    pipeline: ZeroShotClassificationPipeline | EmbeddingPipeline | StaticPipeline | ClassificationPipeline,
    name: str,
    labels: Sequence[str],
    hypothesis: str,
) -> EntailmentClassifier | SimilarityClassifier | ToneClassifier:
    """A loaded pipeline, of the model `name`, with the labels of one run.

    Raises:
        ModelUnusable: the model is a classifier of other things.
        UsageError: the labels leave no room for a text, or similarity cannot tell them apart.
    """
    if isinstance(pipeline, EmbeddingPipeline | StaticPipeline):
        if asked := [label for label in labels if tone_of(label) in ("positive", "negative")]:
            raise UsageError(
                f'"{asked[0]}" is a tone and no topic, which {quoted(name)} cannot tell by similarity; leave -m out, or'
                " choose a classifier of sentiment or a model of inference (MNLI)"
            )
        return SimilarityClassifier(pipeline, labels, hypothesis)
    if isinstance(pipeline, ClassificationPipeline):
        places = {own: number for number, own in enumerate(pipeline.labels)}
        wanted = [label if label in places else tone_of(label) for label in labels]
        if any(own not in places for own in wanted):
            raise ModelUnusable(
                f"{quoted(name)} knows its own labels only ({', '.join(pipeline.labels)});"
                " for --labels choose a model trained on inference (MNLI) or one that makes vectors"
            )
        return ToneClassifier(pipeline, {label: places[own] for label, own in zip(labels, wanted, strict=True) if own})
    return EntailmentClassifier(pipeline, labels, hypothesis)
