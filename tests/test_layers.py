"""The layers of ARCHITECTURE §2 hold, and starting up stays cheap."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_careo_loads_nothing_but_itself() -> None:
    extra = {name for name in _loaded("import careo") - _loaded("") if name.startswith("careo.")}
    assert extra == set()


def test_reading_a_page_loads_no_array_table_or_plotting_library() -> None:
    loaded = _loaded(
        "import careo\ncareo.read(b'In 2018 there were 120 burglaries in Northtown, the mayor said.')"
    )
    heavy = {"numpy", "pandas", "xarray", "matplotlib", "altair", "vl_convert", "rich", "click", "jinja2"}
    assert loaded & heavy == set()
    assert "careo.sources.documents" in loaded


def test_a_run_is_prepared_without_waiting_for_libraries_of_tables() -> None:
    loaded = _loaded(
        "import careo\nfrom careo.run.ensemble import prepare\ncountry = careo.load_country('toyland')\n"
        "given = [careo.load_strategy(name, 'toyland') for name in careo.strategies('toyland')[:1]]\n"
        "prepare(given, country, months=12).baseline"
    )
    assert loaded & {"polars", "xarray", "pandas", "matplotlib", "altair"} == set()
    assert "careo.run.history" in loaded


def test_only_two_modules_reach_the_network(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location(
        "check_architecture", ROOT / "tools" / "check_architecture.py"
    )
    assert spec and spec.loader
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    assert check._doors(check.SOURCE) == []
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "page.py").write_text(
        "def f():\n    from urllib import request\n    import dask.array\n"
    )
    assert [problem.split()[3] for problem in check._doors(tmp_path)] == ["urllib.request,", "dask,"]
