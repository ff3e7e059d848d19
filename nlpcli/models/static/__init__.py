"""Static vectors: words and their vectors, whatever program trained them. Needs numpy, never torch.

`files` reads any format and converts it, by `text_format`, `word2vec_binary`, `fasttext_binary` and `gensim_pickle`;
`glove_wheel` converts the starter; `store` is the folder that they make, mapped into memory; `subwords` has fastText's
n-grams, `segments` finds words in texts, `pieces` reads model2vec's folders.
"""
