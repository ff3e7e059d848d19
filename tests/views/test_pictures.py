import subprocess
import sys

import pytest

pytest.importorskip("matplotlib")

READ = "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])"
ROADS = {
    "the check": "check_picture('--plot', Path('map.svg'))",
    "the drawing": "with picture_style([]): pass",
}


@pytest.mark.parametrize("road", ROADS)
def test_no_matplotlibrc_of_the_users_folder_is_read(tmp_path, road):
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 77\n")
    code = f"from pathlib import Path; from nlpcli.views.pictures import *\n{ROADS[road]}\n{READ}"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert float(done.stdout) < 77
