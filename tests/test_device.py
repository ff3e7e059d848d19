import pytest

from nlpcli.device import CudaDevice, Hardware, choose
from nlpcli.errors import DeviceError

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
