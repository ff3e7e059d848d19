"""Text → summary: the summarization pipeline that transformers v5 removed."""

from __future__ import annotations

import logging

from nlpcli.pipelines.v4.text2text import Text2TextGenerationPipeline

log = logging.getLogger(__name__)


class SummarizationPipeline(Text2TextGenerationPipeline):
    """`pipeline(text, min_length=…, max_length=…)` gives `[{"summary_text": …}]`, as in transformers v4."""

    return_name = "summary"

    def check_inputs(self, input_length: int, min_length: int | None, max_length: int | None) -> None:
        """Warn of a summary that would have to be longer than it may, or may be longer than the text."""
        if max_length is None:
            return
        if min_length is not None and max_length < min_length:
            log.warning("min_length=%d is more than max_length=%d", min_length, max_length)
        if input_length < max_length:
            log.warning(
                "max_length is %d, and the text has only %d tokens; a summary wants less, such as max_length=%d",
                max_length,
                input_length,
                max(1, input_length // 2),
            )
