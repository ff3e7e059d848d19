import pytest

from nlpcli.errors import DeviceError, UsageError
from nlpcli.runtime.device import (
    CudaDevice,
    Hardware,
    check_names,
    choose,
    choose_all,
    describe_hardware,
    describe_without_torch,
)

PLAIN = Hardware("cpu", frozenset({"avx2"}), 2)
AMPERE = CudaDevice("A100", (8, 0), 40 << 30)
TURING = CudaDevice("T4", (7, 5), 16 << 30)


@pytest.mark.parametrize(
    ("hardware", "device", "dtype"),
    [
        (PLAIN, "cpu", "float32"),
        (Hardware("cpu", frozenset({"avx512_bf16"}), 2), "cpu", "bfloat16"),
        (Hardware("cpu", frozenset({"amx_bf16"}), 2), "cpu", "bfloat16"),
        (Hardware("cpu", frozenset(), 2, mps=True), "mps", "float32"),
        (Hardware("cpu", frozenset(), 2, (AMPERE,), mps=True), "cuda:0", "bfloat16"),
        (Hardware("cpu", frozenset(), 2, (TURING,)), "cuda:0", "float32"),
    ],
)
def test_auto_picks_the_best_device_and_its_native_dtype(hardware, device, dtype):
    placement = choose(hardware)
    assert (placement.device, placement.dtype) == (device, dtype)


def test_a_device_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(DeviceError, match="there is: cpu"):
        choose(PLAIN, "cuda:1")


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "cuda:0,2", "mps"])
def test_a_name_that_some_machine_has_is_well_formed(name):
    check_names(name, "auto")


@pytest.mark.parametrize(
    "name", ["", "foo", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:0 ", "cpu:1", "cuda:٣", "cuda:0,", "cpu,cpu"]
)
def test_a_name_that_no_machine_has_is_wrong_usage(name):
    with pytest.raises(UsageError, match="--device takes auto, cpu, cuda, cuda:N, cuda:N,M,… or mps"):
        check_names(name, "auto")


@pytest.mark.parametrize("name", ["cuda:0,0", "cuda:1,2,01"])
def test_no_device_is_named_twice(name):
    with pytest.raises(UsageError, match="names a device twice"):
        check_names(name, "auto")


@pytest.mark.parametrize(
    ("cuda", "device", "dtype", "chosen"),
    [
        ((AMPERE, AMPERE, AMPERE), "cuda", "auto", ["cuda:0 bfloat16", "cuda:1 bfloat16", "cuda:2 bfloat16"]),
        ((AMPERE, AMPERE, AMPERE), "cuda:0,2", "float16", ["cuda:0 float16", "cuda:2 float16"]),
        ((AMPERE, TURING), "cuda", "auto", ["cuda:0 float32", "cuda:1 float32"]),
        ((AMPERE, TURING), "cuda:0", "auto", ["cuda:0 bfloat16"]),
        ((AMPERE, AMPERE), "auto", "auto", ["cuda:0 bfloat16"]),
        ((AMPERE,), "cuda", "auto", ["cuda:0 bfloat16"]),
        ((), "cpu", "auto", ["cpu float32"]),
    ],
)
def test_every_device_that_is_asked_for_computes_in_the_same_dtype(cuda, device, dtype, chosen):
    placements = choose_all(Hardware("cpu", frozenset(), 2, cuda), device, dtype)
    assert [f"{one.device} {one.dtype}" for one in placements] == chosen
    assert choose(Hardware("cpu", frozenset(), 2, cuda), device, dtype).device == placements[0].device


def test_one_of_several_devices_that_is_not_there_is_named():
    with pytest.raises(DeviceError, match='no device "cuda:3" here'):
        choose_all(Hardware("cpu", frozenset(), 2, (AMPERE,)), "cuda:0,3")


def test_a_dtype_is_a_name_out_of_the_list():
    check_names("auto", "bfloat16")
    with pytest.raises(UsageError, match='--dtype takes auto, float32, bfloat16, float16, int8 or int4, not "int3"'):
        check_names("auto", "int3")


X86 = {"sse2", "avx2"}


@pytest.mark.parametrize(
    ("flags", "dtype", "warns"),
    [
        (X86, "bfloat16", True),
        (X86, "float16", True),
        ({*X86, "avx512_bf16"}, "bfloat16", False),
        ({*X86, "avx512_bf16"}, "float16", True),
        ({*X86, "avx512_fp16"}, "float16", False),
        ({"asimdhp"}, "float16", False),
        (X86, "float32", False),
        (X86, "auto", False),
        (X86, "int8", False),
    ],
)
def test_a_dtype_that_the_cpu_emulates_is_said_to_be_slow(flags, dtype, warns):
    warning = choose(Hardware("cpu", frozenset(flags), 2), "cpu", dtype).warning
    assert bool(warning) == warns
    assert not warns or f"emulates {dtype}" in warning


def test_a_gpu_emulates_nothing():
    assert not choose(Hardware("cpu", frozenset(X86), 2, (AMPERE,)), "cuda", "float16").warning


def test_what_is_seen_without_torch_is_what_torch_sees():
    assert describe_without_torch() in (None, describe_hardware())
