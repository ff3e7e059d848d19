"""Our subclasses of transformers' pipelines.

- shared: `windows` (texts → padded batches), `chat` (conversations → token ids), `pooling`, `labels`, `emoji`
- one text in, one answer out: `classification`, `zero_shot`, `embedding` over `chunks`, and `static` (vectors
  that are looked up)
- a vocabulary: `words`; what it has learnt of us: `weat`, `likelihood`
- labels of tokens: `token_classification` over `token_labels`, `spacy_entities`
- what `generate` is given: `finite_logits`
- summaries: `extractive`, `abstractive`; key phrases: `keyphrases`, of English from `noun_chunks`
- folders: `generation/`, `translation/`, `attention/`, `v4/` (what transformers v5 removed)
"""
