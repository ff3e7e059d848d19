"""Where weights come from and how they become a module.

- names → folders: `cache` (the one door to `sources/`), `catalog` over `catalog_file`, `pairs` (translation),
  `reference` (`LocalModel`), `removal` (plans of what to delete)
- folders → modules: `loading` by transformers (`quiet`), `encoders` without it over `tensors`, `plain_config`,
  `plain_tokenizer` and `chat_tokenizer`, `preparing` for both; `gguf` over `gguf_header`, `e5s1`, `spacy_files` (the
  starter for entities); what is not ours is checked by `safety` and `foreign`
- attention: `attention` (for CPUs), `attention_layers` and `attention_sound` (what attends, for attention-inspect)
- `static/`: word vectors and model2vec's folders, which need no torch
- families that we compute ourselves: `bert/`, `llama/`, `students/` (Bergamot's; `bergamot/` makes transformers know
  them); `decoders/` for generation, `graph/` for what ONNX Runtime computes of it
"""

import os

# Read by transformers when it is imported: code for the layers of a model is never fetched from the hub.
os.environ["USE_HUB_KERNELS"] = "0"
# Read by ONNX Runtime when it is imported: without it, it keeps a device's number and sends what it is used for.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
