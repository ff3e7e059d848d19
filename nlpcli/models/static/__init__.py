"""Static vectors: words and their vectors, whatever program trained them. Needs numpy, never torch.

- which models are static: `kinds`
- from a file to a folder, once: `files`, by `text_format`, `word2vec_binary`, `fasttext_binary` and `gensim_pickle`
  over `bytes_reader`; `glove_wheel` converts the starter
- what is mapped into memory: `store` (words), `pieces` (model2vec's folders)
- what is looked up: `segments` (the words of a text), `subwords` (fastText's n-grams)
"""
