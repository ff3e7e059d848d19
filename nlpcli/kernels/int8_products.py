"""Products of matrices in 8 bits, by FBGEMM, which torch brings along on x86: inputs and weights are bytes."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

# Levels of a weight: -127 to 127.
LARGEST = 127
# Levels of an input: 0 to 255. Without VNNI the kernel adds the products of two neighbours in 16 bits, so that either
# the inputs stay at 127 and below, or the weights of two neighbours at 128 together.
INPUT_LEVELS = 255
SMALL_PAIR = 128


def can_multiply_bytes() -> bool:
    """Whether this build of torch has FBGEMM, which it has on x86, and this CPU the instructions (AVX2)."""
    return (
        "fbgemm" in torch.backends.quantized.supported_engines
        and hasattr(torch.ops.quantized, "linear_with_input_q_dq_qweight_dq_output_fp32")
        and torch.backends.cpu.get_cpu_capability().startswith("AVX")
    )


def packed_bytes(matrix: Tensor, steps: Tensor, bias: Tensor | None) -> torch.ScriptObject:
    """Levels (out_features, in_features) int8, the step of each output (out_features,) float64, and what is added."""
    engine = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)
            if len(steps.unique()) == 1:
                quantised = torch._make_per_tensor_quantized_tensor(matrix, steps[0].item(), 0)
            else:
                zeros = torch.zeros(len(steps), dtype=torch.int64)
                quantised = torch._make_per_channel_quantized_tensor(matrix, steps, zeros, 0)
        packed: torch.ScriptObject = torch.ops.quantized.linear_prepack(quantised, bias)
        return packed
    finally:
        torch.backends.quantized.engine = engine
