"""The code's own promises: style, types, and who may import whom."""

import ast
import re
import subprocess
import sysconfig
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))


@pytest.mark.parametrize(
    "command", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"]], ids=" ".join
)
def test_the_code_keeps_the_rules(command):
    done = subprocess.run(
        [SCRIPTS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions count too: a circle is one room with several names."""
    import grimp

    graph = grimp.build_graph("nlpcli", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    tuple(TopologicalSorter(imports).static_order())  # raises CycleError, which names the circle


@pytest.mark.parametrize("folder", sorted({path.parent for path in (ROOT / "nlpcli").rglob("*.py")}), ids=str)
def test_the_docstring_of_a_folder_tells_its_modules(folder):
    told = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    assert {name for name in modules if not re.search(rf"`(\w+\.)?{name}(\.\w+)?`", told)} == set()
