"""The wheel in an empty folder: it has every table, loads them from there, and importing it stays light."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tokencross as tc

REPOSITORY = Path(__file__).resolve().parents[2]
PRICING = REPOSITORY / "pricing"


def done(command: list[str], *, cwd: Path, path: Path | None = None) -> str:
    """Return what a command prints, once it has ended well; with ``path`` in front of what Python can import."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the repository, without network."""
    root = tmp_path_factory.mktemp("build")
    for name in ("src", "pricing"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        shutil.copy(REPOSITORY / name, root / name)
    done([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(root / "out")], cwd=root)
    (built,) = (root / "out").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", "--quiet"]
    done([*command, "--target", str(folder), str(wheel)], cwd=folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An empty folder to stand in."""
    return tmp_path


def in_wheel(installed: Path, elsewhere: Path, code: str) -> str:
    """Return what code prints that imports the installed package from another folder."""
    return done([sys.executable, "-c", code], cwd=elsewhere, path=installed)


def test_the_tables_in_the_wheel_are_those_of_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        within = {name: packed.read(name) for name in packed.namelist() if name.startswith("tokencross/pricing/")}
    here = {
        f"tokencross/pricing/{path.relative_to(PRICING).as_posix()}": path.read_bytes()
        for path in PRICING.rglob("*")
        if path.is_file()
    }
    compiled = {name: within.pop(name) for name in [*within] if name.startswith("tokencross/pricing/compiled/")}
    assert within == here
    assert "tokencross/pricing/VERSION" in within
    hashes = {hashlib.sha256(raw).hexdigest() for name, raw in here.items() if name.endswith(".yaml")}
    assert {name.rpartition("/")[2].partition(".")[0] for name in compiled} == hashes


def test_the_installed_package_reads_compiled_copies(installed: Path, elsewhere: Path) -> None:
    code = """
from tokencross.tables.store import bundled_store
store = bundled_store()
documents = [store.document(path) for path in store.all_files()]
print(all(document.compiled for document in documents), len(documents))
"""
    assert in_wheel(installed, elsewhere, code).split() == ["True", str(len(list(PRICING.glob("*/*.yaml"))))]


def test_what_else_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        metadata = next(packed.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
        scripts = next(packed.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert "tokencross/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.partition("/")[0] for name in names} == {"tokencross", f"tokencross-{tc.__version__}.dist-info"}
    modules = {path.relative_to(REPOSITORY / "src").as_posix() for path in (REPOSITORY / "src").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert f"Version: {tc.__version__}\n" in metadata
    assert "tokencross = tokencross.cli:main" in scripts
    assert wheel.name == f"tokencross-{tc.__version__}-py3-none-any.whl"


def test_the_installed_package_loads_every_table(installed: Path, elsewhere: Path) -> None:
    code = """
import json
import tokencross as tc
prices = tc.load_prices(as_of="tables")
prices.check()
sol = prices.api("openai/gpt-6-sol")
own = prices.self_hosted("gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand",
                         engineering=tc.Engineering.none(), label="own")
study = tc.Study([sol, own], workload=tc.Workload(input_tokens=3_000, output_tokens=400))
print(json.dumps({"file": tc.__file__, "hash": prices.content_hash, "models": len(prices.frame()),
                  "usd": study.costs(1e9).iloc[0].tolist()}))
"""
    said = json.loads(in_wheel(installed, elsewhere, code))
    assert Path(said["file"]).is_relative_to(installed)
    book = tc.load_prices(as_of="tables")
    assert said["hash"] == book.content_hash
    assert said["models"] == len(book.frame())
    # gpt-6-sol: 2 in, 10 out
    assert said["usd"][0] == pytest.approx((3_000 * 2 + 400 * 10) / 3_400 * 1_000)
    assert list(elsewhere.iterdir()) == []


def test_the_installed_command_runs_a_scenario(installed: Path, elsewhere: Path) -> None:
    scenario = elsewhere / "chat.yaml"
    shutil.copy(REPOSITORY / "scenarios" / "support-chat.yaml", scenario)
    command = [sys.executable, "-m", "tokencross.cli", "compare", "chat.yaml"]
    shown = done(command, cwd=elsewhere, path=installed)
    assert "Cheapest by volume" in shown
    assert [path.name for path in elsewhere.iterdir()] == ["chat.yaml"]
    assert (installed / "bin" / "tokencross").is_file() or (installed / "Scripts").is_dir()


@pytest.mark.parametrize("touch", ["", "dir(tokencross); tokencross.__version__"])
def test_importing_loads_only_the_standard_library(installed: Path, elsewhere: Path, touch: str) -> None:
    code = f"""
import sys
before = set(sys.modules)
import tokencross
{touch}
print("\\n".join(sorted(set(sys.modules) - before)))
"""
    loaded = in_wheel(installed, elsewhere, code).split()
    tops = {name.partition(".")[0] for name in loaded}
    assert "tokencross" in tops
    assert tops - {"tokencross"} <= set(sys.stdlib_module_names)
    assert not tops & {"numpy", "pandas", "pydantic", "yaml", "matplotlib", "scipy", "typer", "rich"}


def test_importing_reads_no_file_but_its_own(installed: Path, elsewhere: Path) -> None:
    code = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import tokencross
print("\\n".join(opened))
"""
    opened = [Path(line) for line in in_wheel(installed, elsewhere, code).splitlines()]
    package = installed / "tokencross"
    inside = {path for path in opened if path.is_relative_to(package)}
    assert {path.name.partition(".")[0] for path in inside} == {"__init__"}
    assert [path for path in opened if path.suffix in {".yaml", ".json"} or path.name == "VERSION"] == []


def test_prices_load_neither_pandas_nor_matplotlib(installed: Path, elsewhere: Path) -> None:
    """STYLE.md section 3: both are imported inside the functions that use them."""
    code = """
import sys
import tokencross as tc
option = tc.load_prices(as_of="tables").api("openai/gpt-6-sol")
tc.Study([option], workload=tc.Workload(input_tokens=1, output_tokens=1)).verdict()
print(sorted({"pandas", "matplotlib", "scipy", "typer", "rich"} & set(sys.modules)))
"""
    assert in_wheel(installed, elsewhere, code).strip() == "[]"


def test_names_are_typed_for_whoever_installs_it(installed: Path) -> None:
    assert (installed / "tokencross" / "py.typed").is_file()


def test_every_public_name_is_there(installed: Path, elsewhere: Path) -> None:
    code = "import tokencross as tc; [getattr(tc, name) for name in tc.__all__]; print(sorted(tc.__all__))"
    assert in_wheel(installed, elsewhere, code).strip() == str(sorted(tc.__all__))
