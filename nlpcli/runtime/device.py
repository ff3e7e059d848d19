"""Which device and dtype a model runs in, and why.

The choice is a pure function of a small description of the hardware; only `describe_hardware` looks at the machine.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nlpcli.errors import DeviceError, UsageError
from nlpcli.runtime.cores import usable_cores

# Native bfloat16 arithmetic of x86: dot products (VDPBF16PS) and matrix tiles (TDPBF16PS).
CPU_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
CUDA_BFLOAT16_CAPABILITY = (8, 0)
DTYPES = ("float32", "bfloat16", "float16")
# Flags of CPUs that compute in a dtype themselves; others emulate it. ARM's have names of their own.
_NATIVE = {
    "bfloat16": CPU_BFLOAT16_FLAGS | {"bf16"},
    "float16": frozenset({"avx512_fp16", "amx_fp16", "fphp", "asimdhp"}),
}
# Quantized formats; what is not quantized stays in the dtype that `auto` picks.
QUANTIZATIONS = ("int8", "int4")
# What fast kernels there are for → the library that has them (most are inside torch), and the flags that they need.
_CPU_KERNELS = {
    "int8": ("fbgemm", frozenset({"avx2"})),
    "bfloat16": ("onednn", frozenset({"avx512bw", "avx512dq", "avx512vl"})),
    "blocks": ("onnxruntime", frozenset()),
}
GIBIBYTE = 1 << 30
_DEVICE_NAME = re.compile(r"auto|cpu|cuda(:[0-9]{1,4}(,[0-9]{1,4})*)?|mps")


@dataclass(frozen=True, slots=True)
class CudaDevice:
    """One visible CUDA device; `memory` in bytes."""

    name: str
    capability: tuple[int, int]
    memory: int


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the choice depends on, and nothing else. `libraries` of kernels for CPUs that are here."""

    cpu_name: str
    cpu_flags: frozenset[str]
    cores: int
    cuda: tuple[CudaDevice, ...] = ()
    mps: bool = False
    libraries: frozenset[str] = frozenset({"fbgemm", "onednn"})


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model runs: `device` and `dtype` as torch names them, each with its reason.

    `quantization` names the format (`QUANTIZATIONS`) that was asked for; `automatic`: the dtype was left to nlpcli.
    `kernels`: for which formats there are fast kernels on the CPU; `warning`: what is wrong with the dtype that was
    asked for. What a model makes of it all: `precision.decide`.
    """

    device: str
    dtype: str
    device_reason: str
    dtype_reason: str
    quantization: str | None = None
    automatic: bool = False
    kernels: frozenset[str] = frozenset()
    warning: str = ""

    @property
    def asked(self) -> str:
        """What `--dtype` was."""
        return "auto" if self.automatic else self.quantization or self.dtype

    @property
    def device_type(self) -> str:
        return self.device.partition(":")[0]


def available_devices(hardware: Hardware) -> list[str]:
    """The names that `--device` takes on this machine."""
    cuda = [f"cuda:{index}" for index in range(len(hardware.cuda))]
    return [*cuda, *(["mps"] if hardware.mps else []), "cpu"]


def check_names(device: str, dtype: str) -> None:
    """Refuse what names no device or dtype on any machine; costs no look at this one.

    Raises:
        UsageError: one of them is no such name.
    """
    if not _DEVICE_NAME.fullmatch(device):
        raise UsageError(f'--device takes auto, cpu, cuda, cuda:N, cuda:N,M,… or mps, not "{device}"')
    numbers = device.partition(":")[2].split(",")
    if len(numbers) > len({*map(int, numbers)} if numbers != [""] else {""}):
        raise UsageError(f"--device {device} names a device twice")
    known = ("auto", *DTYPES, *QUANTIZATIONS)
    if dtype not in known:
        raise UsageError(f'--dtype takes {", ".join(known[:-1])} or {known[-1]}, not "{dtype}"')


def choose(hardware: Hardware, device: str = "auto", dtype: str = "auto") -> Placement:
    """The device and dtype for a request; where several devices are asked for, the first.

    Raises:
        UsageError: no machine has such a device or dtype.
        DeviceError: this machine does not have the device.
    """
    check_names(device, dtype)
    chosen, device_reason = _choose_device(hardware, device)
    quantization = dtype if dtype in QUANTIZATIONS else None
    if quantization == "int4" and chosen != "cpu":
        raise DeviceError(f"--dtype int4 runs on the CPU alone, not on {chosen}; take int8, or --device cpu")
    chosen_dtype, dtype_reason = _choose_dtype(hardware, chosen, "auto" if quantization else dtype)
    on_cpu = chosen == "cpu"
    return Placement(
        chosen,
        chosen_dtype,
        device_reason,
        dtype_reason,
        quantization,
        automatic=dtype == "auto",
        kernels=_cpu_kernels(hardware) if on_cpu else frozenset(),
        warning=_warning_of_emulation(hardware, dtype) if on_cpu else "",
    )


def choose_all(hardware: Hardware, device: str = "auto", dtype: str = "auto") -> list[Placement]:
    """As `choose`, for every device that was asked for; all compute in the same dtype.

    Raises:
        UsageError: no machine has such a device or dtype.
        DeviceError: this machine does not have one of the devices.
    """
    check_names(device, dtype)
    placements = [choose(hardware, each, dtype) for each in _each_device(hardware, device)]
    slowest = next((one for one in placements if one.dtype == "float32"), placements[0])
    return [replace(one, dtype=slowest.dtype, dtype_reason=slowest.dtype_reason) for one in placements]


def _each_device(hardware: Hardware, device: str) -> list[str]:
    kind, _, numbers = device.partition(":")
    if device == "cuda" and len(hardware.cuda) > 1:
        return [f"cuda:{number}" for number in range(len(hardware.cuda))]
    return [f"{kind}:{int(number)}" for number in numbers.split(",")] if numbers else [device]


def _warning_of_emulation(hardware: Hardware, dtype: str) -> str:
    if dtype not in _NATIVE or _NATIVE[dtype] & hardware.cpu_flags:
        return ""
    return f"this CPU emulates {dtype}, which can be many times slower than float32; leave --dtype out"


def _cpu_kernels(hardware: Hardware) -> frozenset[str]:
    return frozenset(
        format_
        for format_, (library, flags) in _CPU_KERNELS.items()
        if library in hardware.libraries and flags <= hardware.cpu_flags
    )


def _choose_device(hardware: Hardware, device: str) -> tuple[str, str]:
    available = available_devices(hardware)
    if device == "auto":
        reasons = {"cuda": "a CUDA device is there", "mps": "Apple's GPU is there", "cpu": "no GPU was found"}
        return available[0], reasons[available[0].partition(":")[0]]
    wanted = "cuda:0" if device == "cuda" else device.partition(",")[0]
    if wanted not in available:
        raise DeviceError(f'no device "{device}" here; there is: {", ".join(available)} (or auto)')
    return wanted, "asked for"


def _choose_dtype(hardware: Hardware, device: str, dtype: str) -> tuple[str, str]:
    if dtype != "auto":
        return dtype, "asked for"
    kind, _, index = device.partition(":")
    if kind == "cuda":
        major, minor = hardware.cuda[int(index)].capability
        if (major, minor) >= CUDA_BFLOAT16_CAPABILITY:
            return "bfloat16", f"compute capability {major}.{minor} has native bfloat16"
        return "float32", f"compute capability {major}.{minor} has no native bfloat16"
    if kind == "mps":
        return "float32", "the dtype in which every model is right on MPS"
    if native := sorted(CPU_BFLOAT16_FLAGS & hardware.cpu_flags):
        return "bfloat16", f"the CPU has {', '.join(native)}"
    return "float32", f"the CPU has none of {', '.join(sorted(CPU_BFLOAT16_FLAGS))}"


def device_name(hardware: Hardware, device: str) -> str:
    """What a device of `available_devices` calls itself."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        return hardware.cuda[int(index)].name
    return "Apple GPU" if kind == "mps" else hardware.cpu_name


def padded_tokens_per_batch(hardware: Hardware, placement: Placement) -> int:
    """What `--batch-tokens auto` means: the budget of padded tokens for one batch.

    On CPU activations must stay in the cache: for all-MiniLM-L6-v2 on 2 cores 512 to 2,048 tokens were fastest
    and 8,192 cost 40 % (tests/bench/embed.py measures it). A GPU wants enough work to fill it, within its memory.
    """
    if placement.device_type == "cpu":
        return 1024
    if placement.device_type == "mps":
        return 8192
    memory = hardware.cuda[int(placement.device.partition(":")[2])].memory
    return max(8192, min(131_072, 2048 * (memory // GIBIBYTE)))


def describe_hardware() -> Hardware:
    """Look at this machine. Imports torch."""
    import torch

    from nlpcli.kernels.linear import libraries

    cuda = tuple(_cuda_device(index) for index in range(torch.cuda.device_count()))
    return Hardware(
        cpu_name=cpu_name(),
        cpu_flags=_cpu_flags(),
        cores=usable_cores(),
        cuda=cuda if torch.cuda.is_available() else (),
        mps=torch.backends.mps.is_available(),
        libraries=libraries() | _runtimes(),
    )


def describe_without_torch() -> Hardware | None:
    """What `describe_hardware` says, where torch is not needed for it: on Linux, x86, and no GPU. None elsewhere."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64" or any(map(os.path.exists, _GPUS)):
        return None
    flags = _cpu_flags()
    # Every wheel of torch for such a machine has both.
    return Hardware(cpu_name(), flags, usable_cores(), libraries=frozenset({"fbgemm", "onednn"}) | _runtimes())


# What drivers of GPUs leave, in WSL too.
_GPUS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd")


def _runtimes() -> frozenset[str]:
    """Libraries beside torch that have kernels; there are no wheels of them for every system."""
    return frozenset({"onnxruntime"} if find_spec("onnxruntime") else ())


def describe_cpu() -> Hardware:
    """Look at the CPU alone, for what needs nothing else. Never imports torch."""
    return Hardware(cpu_name(), frozenset(), usable_cores(), libraries=frozenset())


def place_lookup(device: str, dtype: str) -> Placement:
    """Where what is only looked up is: on the CPU in float32, whatever was asked for.

    Raises:
        UsageError: no machine has such a device or dtype.
    """
    check_names(device, dtype)
    idle = [f"--device {device}"] * (device not in ("auto", "cpu")) + [f"--dtype {dtype}"] * (dtype != "auto")
    warning = f"nothing here is computed on a device; {' and '.join(idle)} changes nothing"
    reason = "what is looked up needs no other"
    return Placement("cpu", "float32", reason, reason, automatic=True, warning=warning if idle else "")


def _cuda_device(index: int) -> CudaDevice:
    import torch

    properties = torch.cuda.get_device_properties(index)
    return CudaDevice(properties.name, (properties.major, properties.minor), properties.total_memory)


def _cpu_information() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def cpu_name() -> str:
    """What the CPU calls itself."""
    return _cpu_information().get("model name") or platform.processor() or platform.machine()


def _cpu_flags() -> frozenset[str]:
    if flags := _cpu_information().get("flags"):
        return frozenset(flags.split())
    import torch

    # Without /proc (macOS, Windows) torch's own look at CPUID says it, in its own words: avx512_bw, not avx512bw.
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    found = {flag for flag, there in capabilities.items() if there is True}
    return frozenset(found | {flag.replace("avx512_", "avx512") for flag in found})


def without_gradients() -> AbstractContextManager[Any]:
    """What torch computes in it keeps nothing for gradients; nothing where torch is not imported."""
    torch = sys.modules.get("torch")
    return nullcontext() if torch is None else torch.inference_mode()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is a device, or the CPU's allocator, saying that a batch was too large."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)
