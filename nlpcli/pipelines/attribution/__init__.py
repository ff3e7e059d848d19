"""Which tokens made a result: integrated gradients through the word embeddings, or the result without a token.

- by gradients: `integrated` over `embeddings`; `evidence` for a label, `similarity` for two texts
- by `erasure`: of an `erasable` text, what its log-probability loses without a token
- `loading` makes the second pipeline of the same weights, in float32
"""
