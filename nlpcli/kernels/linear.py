"""Linear layers: which formats have fast kernels here."""

from __future__ import annotations

import torch


def libraries() -> frozenset[str]:
    """The libraries of CPU kernels that this build of torch has, as far as we use them."""
    found = set()
    if "fbgemm" in torch.backends.quantized.supported_engines and hasattr(
        torch.ops.quantized, "linear_with_input_q_dq_qweight_dq_output_fp32"
    ):
        found.add("fbgemm")
    if torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        found.add("onednn")
    return frozenset(found)
