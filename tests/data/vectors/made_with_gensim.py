"""How the files here were made, by gensim 4.4, which is no dependency of nlpcli."""

# ruff: noqa
import gensim, json, numpy as np
from gensim.models import FastText, Word2Vec, KeyedVectors
from gensim.models.fasttext import save_facebook_model, load_facebook_vectors

text = [
    l.split()
    for l in """the cat sat on the mat
the dog sat on the rug
a cat and a dog are animals
straße größe fluß über naïve café
北京 上海 城市 很 大
the quick brown fox jumps over the lazy dog
cats and dogs are pets""".splitlines()
] * 5
m = FastText(text, vector_size=5, min_count=1, bucket=97, min_n=2, max_n=4, seed=1, workers=1, epochs=3)
save_facebook_model(m, "tiny.bin")
kv = load_facebook_vectors("tiny.bin")
probe = ["cat", "the", "straße", "catlike", "Fluß", "北京市", "x", "größer", "</s>"]
json.dump(
    {w: [float(x) for x in kv.get_vector(w)] for w in probe},
    open("tiny-fasttext.json", "w"),
    ensure_ascii=False,
    indent=0,
)
w = Word2Vec(text, vector_size=5, min_count=1, seed=1, workers=1)
w.wv.save("tiny.kv")
w.save("tiny.model")
w.wv.save_word2vec_format("tiny.w2v.bin", binary=True)
w.wv.save_word2vec_format("tiny.w2v.txt", binary=False)
w.wv.save("tiny-apart.kv", sep_limit=10)
print(w.wv.index_to_key[:5], w.wv["the"], w.wv.most_similar("the", topn=2))
