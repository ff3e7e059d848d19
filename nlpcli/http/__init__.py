"""HTTP: other programs ask what commands ask, by the interfaces that they know already (`nlpcli serve run --http`).

- the server: `options` (what it was told), `server` (the socket), `app` (routes), `guard` (who may ask at all),
  `metrics`, `service` (what all endpoints share)
- a request: `body` (read and checked), `models` (which may be asked for), `runner` (its run in the host), `failures`
  (what goes wrong, in the shape of each interface), `tokens` (texts that are given as such), `events` (answers that
  come bit by bit)
- the interfaces: `embeddings` and `completions` (OpenAI's), `rerank` (Jina's and Cohere's), `libretranslate`, `tasks`
  (nlpcli's own); `translation` chooses the model of two of them
"""
