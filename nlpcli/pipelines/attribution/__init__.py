"""Which tokens made a result: integrated gradients through the word embeddings, or the result without a token."""
