"""gensim's `KeyedVectors`: a pickle, read without running anything that it names, with its arrays beside it as `.npy`.

Every name in such a file must be one of a few, and each stands for an inert class of ours: what a pickle asks to be
called is never called. Any other name ends the reading.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nlpcli.errors import ModelUnsafe, ModelUnusable

Array = np.ndarray[Any, Any]

PROTOCOLS = b"\x02\x03\x04\x05"
_DTYPES = {"f2": np.float16, "f4": np.float32, "f8": np.float64}
_CONVERT = (
    'convert it once where you trust it: python -c "from gensim.models import KeyedVectors as K;'
    " K.load('FILE').save_word2vec_format('vectors.bin', binary=True)\", then -m vectors.bin"
)


class _Inert:
    """Takes what a pickle gives to an object, and does nothing with it."""

    # A pickle may make an object without `__init__`, and give it no state.
    arguments: tuple[Any, ...] = ()
    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        """Of a dictionary: nothing in one is needed."""


class _Keyed(_Inert):
    """`KeyedVectors` and the models around it."""


class _Array(_Inert):
    """An array: its state is version, shape, dtype, order of Fortran, bytes."""


class _Dtype(_Inert):
    """A dtype: its first argument is its name."""


class _Encoded(_Inert):
    """`_codecs.encode(text, 'latin1')`, by which protocol 2 writes bytes."""


_CLASSES: dict[tuple[str, str], type[_Inert]] = {
    **{
        (f"gensim.models.{module}", name): _Keyed
        for module, names in {
            "keyedvectors": "KeyedVectors Word2VecKeyedVectors EuclideanKeyedVectors Vocab CompatVocab",
            "word2vec": "Word2Vec Vocab Word2VecTrainables Word2VecVocab",
            "fasttext": "FastText FastTextKeyedVectors",
        }.items()
        for name in names.split()
    },
    **{
        (f"numpy{core}.multiarray", "_reconstruct"): _Array
        for core in (".core", "._core")
    },
    ("numpy", "ndarray"): _Inert,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Encoded,
    ("copyreg", "_reconstructor"): _Inert,
    ("copy_reg", "_reconstructor"): _Inert,
    ("builtins", "object"): _Inert,
    ("__builtin__", "object"): _Inert,
    ("collections", "OrderedDict"): _Inert,
    ("collections", "defaultdict"): _Inert,
    ("builtins", "int"): _Inert,
    ("builtins", "hash"): _Inert,
    ("gensim.utils", "call_on_class_only"): _Inert,
    ("numpy.random._pickle", "__randomstate_ctor"): _Inert,
    ("numpy.random._pickle", "__bit_generator_ctor"): _Inert,
    ("numpy.random._mt19937", "MT19937"): _Inert,
}  # fmt: skip


class _Forbidden(Exception):
    """The pickle names something else."""


# Python's own reader, not C's: that one would make a list as long as any number in the file says.
class _Unpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> type[_Inert]:
        if (module, name) not in _CLASSES:
            raise _Forbidden(f"{module}.{name}"[:80])
        return _CLASSES[module, name]

    def persistent_load(self, pid: Any) -> NoReturn:
        raise _Forbidden(f"persistent id {pid!r}"[:80])

    def get_extension(self, code: int) -> NoReturn:
        raise _Forbidden(f"extension {code}")


def read_gensim(file: Path, data: bytes, name: str) -> tuple[list[bytes], Array]:
    """Words and vectors of the pickle `data`, whose large arrays lie beside `file`.

    Raises:
        ModelUnsafe: it names what no file of word vectors needs.
        ModelUnusable: it holds no word vectors, or is damaged.
    """
    try:
        keyed = _Unpickler(io.BytesIO(data)).load()
    except _Forbidden as error:
        raise ModelUnsafe(
            f"{name} is a pickle that names {error}, and could run code when it is loaded; {_CONVERT}"
        ) from error
    # A damaged pickle stumbles anywhere.
    except Exception as error:
        raise ModelUnusable(f"{name} is a damaged pickle ({type(error).__name__}: {error}); {_CONVERT}") from error
    state = _state(keyed)
    state = _state(state["wv"]) if "wv" in state else state
    if "vectors_ngrams" in state:
        raise ModelUnusable(
            f"{name} is gensim's FastText, whose n-grams nlpcli reads in fastText's own .bin; {_CONVERT}"
        )
    words = state.get("index_to_key") or state.get("index2word")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ModelUnusable(f"{name} is a pickle without word vectors (index_to_key); {_CONVERT}")
    vectors = _array(state.get("vectors"), file, name)
    if vectors.ndim != 2 or len(vectors) < len(words):
        raise ModelUnusable(f"{name} has {len(words):,} words and vectors of shape {vectors.shape}; {_CONVERT}")
    return [word.encode("utf-8", "surrogatepass") for word in words], vectors[: len(words)]


def _state(value: Any) -> dict[str, Any]:
    state = value.state if isinstance(value, _Inert) else None
    return state if isinstance(state, dict) else {}


def _array(value: Any, file: Path, name: str) -> Array:
    """The array in the pickle, or in the file beside it where gensim put it for its size."""
    for attribute in ("vectors", "wv.vectors"):
        beside = file.with_name(f"{file.name}.{attribute}.npy")
        if value is None and beside.is_file():
            try:
                return np.lib.format.open_memmap(beside, mode="r")
            # NumPy has Python's own parser read the header, which stumbles over what is damaged in its own ways.
            except Exception as error:
                raise ModelUnusable(f"{beside.name} beside {name} is damaged ({error}); fetch it again") from error
    if value is None:
        raise ModelUnusable(
            f"{name} keeps its vectors in {file.name}.vectors.npy, which must lie beside it; copy it there"
        )
    try:
        _, shape, dtype, fortran, data = value.state
        data = data.arguments[0].encode("latin1") if isinstance(data, _Encoded) else data
        kind = _DTYPES[dtype.arguments[0].lstrip("<=")]
        return np.frombuffer(data, kind).reshape(shape, order="F" if fortran else "C")
    except (AttributeError, TypeError, KeyError, ValueError, IndexError) as error:
        raise ModelUnusable(f"{name} keeps its vectors in a way that nlpcli does not know; {_CONVERT}") from error
