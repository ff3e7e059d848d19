"""The one decision: use × family × `--dtype` × hardware → how linear layers multiply, and in which dtype."""

from itertools import product

import pytest
import torch

from nlpcli.errors import UsageError
from nlpcli.runtime.device import CudaDevice, Hardware, choose, describe_hardware
from nlpcli.runtime.precision import Family, Kernel, ModelFacts, Use, decide

AVX512 = {"avx2", "avx512bw", "avx512dq", "avx512vl"}
MACHINES = {
    "no AVX2": Hardware("cpu", frozenset({"sse2"}), 2),
    "AVX2": Hardware("cpu", frozenset({"avx2"}), 2),
    "AVX-512": Hardware("cpu", frozenset(AVX512), 2),
    "bfloat16": Hardware("cpu", frozenset({*AVX512, "avx512_bf16"}), 2),
    "ONNX Runtime": Hardware(
        "cpu", frozenset({*AVX512, "avx512_bf16"}), 2, libraries=frozenset({"fbgemm", "onednn", "onnxruntime"})
    ),
    "AVX2 without FBGEMM": Hardware("cpu", frozenset({"avx2"}), 2, libraries=frozenset()),
    "Ampere": Hardware("cpu", frozenset({"avx2"}), 2, (CudaDevice("A100", (8, 0), 40 << 30),)),
    "Turing": Hardware("cpu", frozenset({"avx2"}), 2, (CudaDevice("T4", (7, 5), 16 << 30),)),
    "Apple": Hardware("cpu", frozenset(), 2, mps=True),
}
BERT, MEASURED = ModelFacts("m", Family.BERT), ModelFacts("m", Family.BERT, int8=True)
STUDENT, PUBLISHED = ModelFacts("m", Family.BERGAMOT), ModelFacts("m", Family.BERGAMOT, int8=True)
OTHER = ModelFacts("m")
LLAMA, FIXED = ModelFacts("m", Family.LLAMA), ModelFacts("m", Family.FIXED)
PLAIN, PACKED, REFUSED = Kernel.PLAIN, Kernel.PACKED, None
DYNAMIC, STATIC, W8, W4 = Kernel.INT8_DYNAMIC, Kernel.INT8_STATIC, Kernel.INT8_WEIGHTS, Kernel.INT4_WEIGHTS
B8, B4 = Kernel.INT8_BLOCKS, Kernel.INT4_BLOCKS
ENCODE = (Use.VECTORS, Use.LABELS)
COMPUTE = (*ENCODE, Use.TEXT)

# Uses, models, --dtype, machines → kernel, dtype. Every combination stands in exactly one row (a test counts them).
F32, BF16, F16, INT8, INT4, AUTO = "float32", "bfloat16", "float16", "int8", "int4", "auto"
BEFORE_BFLOAT16 = ("AVX2", "AVX-512")
WITH_BFLOAT16 = ("bfloat16", "ONNX Runtime")
FBGEMM = (*BEFORE_BFLOAT16, *WITH_BFLOAT16)
ONEDNN = ("AVX-512", *WITH_BFLOAT16)
CPUS = ("no AVX2", *FBGEMM, "AVX2 without FBGEMM")
NATIVE = {name: BF16 if name in (*WITH_BFLOAT16, "Ampere") else F32 for name in MACHINES}


def without(names, *left_out):
    return tuple(name for name in names if name not in left_out)


ANY, NOT_BERGAMOT = (BERT, MEASURED, STUDENT, PUBLISHED, OTHER, LLAMA), (BERT, MEASURED, OTHER)
NOT_LLAMA = (BERT, MEASURED, STUDENT, PUBLISHED, OTHER)
WITHOUT = without(MACHINES, "ONNX Runtime")
TABLE = [
    # Attention: never int8 products, and float32 unless another dtype is asked for.
    ((Use.ATTENTION,), ANY, (AUTO,), tuple(MACHINES), PLAIN, F32),
    ((Use.ATTENTION,), ANY, (F32, BF16, F16), tuple(MACHINES), PLAIN, "asked"),
    ((Use.ATTENTION,), ANY, (INT8,), tuple(MACHINES), W8, "native"),
    ((Use.ATTENTION,), ANY, (INT4,), CPUS, REFUSED, None),
    # A dtype that is asked for is taken.
    (COMPUTE, ANY, (F32, F16), tuple(MACHINES), PLAIN, "asked"),
    (COMPUTE, ANY, (BF16,), ONEDNN, PACKED, BF16),
    (COMPUTE, ANY, (BF16,), without(MACHINES, *ONEDNN), PLAIN, BF16),
    # auto: int8 where it is known to be as good, and the CPU has no bfloat16.
    (COMPUTE, (MEASURED,), (AUTO,), BEFORE_BFLOAT16, DYNAMIC, F32),
    ((Use.TEXT,), (PUBLISHED,), (AUTO,), BEFORE_BFLOAT16, STATIC, F32),
    (ENCODE, (PUBLISHED,), (AUTO,), BEFORE_BFLOAT16, PLAIN, F32),
    (COMPUTE, (BERT, OTHER, LLAMA), (AUTO,), BEFORE_BFLOAT16, PLAIN, F32),
    (COMPUTE, (STUDENT,), (AUTO,), BEFORE_BFLOAT16, PLAIN, F32),
    (COMPUTE, NOT_LLAMA, (AUTO,), WITH_BFLOAT16, PACKED, BF16),
    (ENCODE, (LLAMA,), (AUTO,), WITH_BFLOAT16, PACKED, BF16),
    ((Use.TEXT,), (LLAMA,), (AUTO,), ("bfloat16",), PACKED, BF16),
    # A decoder of Llama's shape writes in blocks wherever there is ONNX Runtime.
    ((Use.TEXT,), (LLAMA,), (AUTO, INT8), ("ONNX Runtime",), B8, F32),
    ((Use.TEXT,), (LLAMA,), (INT4,), ("ONNX Runtime",), B4, F32),
    (COMPUTE, ANY, (AUTO,), without(MACHINES, *FBGEMM), PLAIN, "native"),
    # int8: products where there are kernels for the family, else weights.
    (COMPUTE, (BERT, MEASURED), (INT8,), FBGEMM, DYNAMIC, F32),
    (COMPUTE, (BERT, MEASURED), (INT8,), without(MACHINES, *FBGEMM), W8, "native"),
    ((Use.TEXT,), (PUBLISHED,), (INT8,), FBGEMM, STATIC, F32),
    ((Use.TEXT,), (PUBLISHED,), (INT8,), without(MACHINES, *FBGEMM), REFUSED, None),
    ((Use.TEXT,), (STUDENT,), (INT8,), tuple(MACHINES), REFUSED, None),
    (ENCODE, (STUDENT, PUBLISHED), (INT8,), tuple(MACHINES), W8, "native"),
    (COMPUTE, (OTHER,), (INT8,), tuple(MACHINES), W8, "native"),
    (ENCODE, (LLAMA,), (INT8,), tuple(MACHINES), W8, "native"),
    ((Use.TEXT,), (LLAMA,), (INT8,), WITHOUT, W8, "native"),
    # int4, which `choose` refuses on a GPU: for what writes alone.
    (ENCODE, ANY, (INT4,), CPUS, REFUSED, None),
    ((Use.TEXT,), NOT_BERGAMOT, (INT4,), CPUS, W4, "native"),
    ((Use.TEXT,), (LLAMA,), (INT4,), without(CPUS, "ONNX Runtime"), W4, "native"),
    ((Use.TEXT,), (STUDENT, PUBLISHED), (INT4,), CPUS, REFUSED, None),
]
CELLS = [
    (use, facts, asked, machine, kernel, {"asked": asked, "native": NATIVE[machine]}.get(dtype, dtype))
    for uses, models, names, machines, kernel, dtype in TABLE
    for use, facts, asked, machine in product(uses, models, names, machines)
]


def test_every_combination_stands_in_the_table_once():
    every = set(product(Use, ANY, (AUTO, F32, BF16, F16, INT8), MACHINES)) | set(product(Use, ANY, (INT4,), CPUS))
    assert len(CELLS) == len(every)
    assert {cell[:4] for cell in CELLS} == every


@pytest.mark.parametrize("asked", [AUTO, F32, BF16, F16, INT8, INT4])
@pytest.mark.parametrize("use", Use)
def test_what_is_asked_the_hardware_and_the_model_decide_on_the_kernel(use, asked):
    for cell in CELLS:
        if (cell[0], cell[2]) != (use, asked):
            continue
        _, facts, _, machine, kernel, dtype = cell
        placement = choose(MACHINES[machine], "auto", asked)
        if kernel is REFUSED:
            with pytest.raises(UsageError, match="leave --dtype out"):
                decide(placement, facts, use)
            continue
        precision = decide(placement, facts, use)
        assert (precision.kernel, precision.dtype) == (kernel, dtype), cell
        assert precision.reason


@pytest.mark.parametrize("asked", [AUTO, F32, BF16, F16, INT8, INT4])
def test_what_is_computed_in_one_way_is_whatever_is_asked_for(asked):
    for use, machine in product(Use, CPUS):
        precision = decide(choose(MACHINES[machine], "auto", asked), FIXED, use)
        assert (precision.kernel, precision.dtype) == (PLAIN, F32)


def test_the_kernels_of_this_machine_are_those_that_torch_has():
    kernels = choose(describe_hardware(), "cpu").kernels
    fbgemm = "fbgemm" in torch.backends.quantized.supported_engines
    assert ("int8" in kernels) == (fbgemm and torch.backends.cpu.get_cpu_capability().startswith("AVX"))
    assert ("bfloat16" in kernels) == bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@pytest.mark.skipif(not hasattr(torch.cpu, "get_capabilities"), reason="an older torch")
def test_without_proc_the_flags_are_torchs_in_the_names_of_proc(monkeypatch):
    from nlpcli.runtime import device

    names = {
        "avx2": True,
        "avx512_bw": True,
        "avx512_bf16": True,
        "amx_bf16": False,
        "cpu_name": "x",
        "l2_cache_size": 1,
    }
    monkeypatch.setattr(device, "_cpu_information", dict)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: names)
    assert device._cpu_flags() == {"avx2", "avx512_bw", "avx512bw", "avx512_bf16", "avx512bf16"}
