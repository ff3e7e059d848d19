"""Bergamot's and Firefox's student models; importing this package makes transformers' Auto classes know them.

- files: `conversion` reads `marian_binary`, once
- for transformers: `configuration`, `modeling`, `tokenization`, `cache`

What we compute of them ourselves is in `models/students`.
"""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.models.bergamot.configuration import BergamotConfig
from nlpcli.models.bergamot.modeling import BergamotModel, BergamotMTModel
from nlpcli.models.bergamot.tokenization import BergamotTokenizer


def register() -> None:
    """Make transformers' Auto classes know the models; importing the package has done it, doing it again is no harm."""
    AutoConfig.register(BergamotConfig.model_type, BergamotConfig, exist_ok=True)
    AutoModel.register(BergamotConfig, BergamotModel, exist_ok=True)
    AutoModelForSeq2SeqLM.register(BergamotConfig, BergamotMTModel, exist_ok=True)
    AutoTokenizer.register(BergamotConfig, BergamotTokenizer, exist_ok=True)


register()

__all__ = ["BergamotConfig", "BergamotMTModel", "BergamotModel", "BergamotTokenizer", "register"]
