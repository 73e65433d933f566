"""The laws of the layout: sizes, names, imports, and one word for one thing."""

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import grimp
import pytest
import typer.main

import florilegium
from florilegium.cli.commands import app

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "florilegium"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
IDS = [p.relative_to(ROOT).as_posix() for p in MODULES]

MAX_MODULE_LINES = 400  # we aim at 250; a file that grows past this has a second subject
MAX_FUNCTION_LINES = 50  # we aim at 25, signature and body without the docstring
AIM_FUNCTION_LINES = 25
MIN_SHARE_SHORT = 0.95  # of all functions, those that reach the aim
# Longer ones that may stay for a while: "module:function" -> the day by which they are shorter or argued for anew.
LONG_FUNCTIONS: dict[str, date] = {}
# Words that say nothing about what a module holds.
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "stuff"}
# What may be loaded only where it is used: `florilegium --help` must stay quick.
HEAVY = [
    "torch",
    "fairlearn",
    "sklearn",
    "scipy",
    "onnx",
    "onnxruntime",
    "altair",
    "pandas",
    "pyarrow",
    "sqlalchemy",
    "cleanlab",
    "httpx",
    "tokenizers",
]
# What a Project offers beside the commands: parts that a notebook wants to look at.
METHODS_WITHOUT_COMMAND = {"confusion", "holdings"}

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Give each function's dotted name and its lines without the docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, type_of_function):
            first = node.body[0]
            is_docstring = ast.get_docstring(node) is not None
            docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
            yield (
                f"{path.relative_to(ROOT).as_posix()}:{node.name}",
                (node.end_lineno or 0) - node.lineno + 1 - docstring,
            )


@pytest.mark.parametrize("path", MODULES + TESTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_fits_in_a_reading(path: Path) -> None:
    """No module is longer than 400 lines, tests included."""
    n_lines = len(path.read_text(encoding="utf-8").splitlines())

    assert n_lines <= MAX_MODULE_LINES


def test_a_function_fits_on_a_screen() -> None:
    """No function is longer than 50 lines, but those with a date by which they will not be."""
    today = datetime.now(UTC).date()
    allowed = {name for name, until in LONG_FUNCTIONS.items() if today <= until}

    assert [
        (name, n) for path in MODULES for name, n in functions(path) if n > MAX_FUNCTION_LINES and name not in allowed
    ] == []


def test_nearly_all_functions_are_short() -> None:
    """At least 95 of 100 functions have at most 25 lines."""
    lengths = [n for path in MODULES for _, n in functions(path)]

    assert sum(n <= AIM_FUNCTION_LINES for n in lengths) / len(lengths) >= MIN_SHARE_SHORT


def test_the_exceptions_exist() -> None:
    """A dated exception names a function that is there and still long."""
    lengths = {name: n for path in MODULES for name, n in functions(path)}

    assert [name for name in LONG_FUNCTIONS if lengths.get(name, 0) <= MAX_FUNCTION_LINES] == []


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_a_name_says_what_is_inside(path: Path) -> None:
    """No module or folder is called utils, helpers, common or manager."""
    words = {word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")}

    assert words & EMPTY_WORDS == set()


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_a_module_opens_with_its_job(path: Path) -> None:
    """Every module's docstring begins with one sentence about its job; stages also say where they stand on the path."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert docstring
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":")) or "Path:" in docstring
    assert "Path:" in docstring or path.name in {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_what_is_public_is_documented(path: Path) -> None:
    """Every public class, function and method says what it means."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners: list[ast.Module | ast.ClassDef] = [
        tree,
        *(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and not n.name.startswith("_")),
    ]
    named = [
        node
        for owner in owners
        for node in owner.body
        if isinstance(node, (*type_of_function, ast.ClassDef)) and not node.name.startswith("_")
    ]

    assert [node.name for node in named if ast.get_docstring(node) is None] == []


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_arrays_are_never_unpickled(path: Path) -> None:
    """Every `np.load` says `allow_pickle=False` or leaves it at that."""
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load"
    ]
    allowed = [k.value for call in calls for k in call.keywords if k.arg == "allow_pickle"]

    assert all(isinstance(value, ast.Constant) and value.value is False for value in allowed)


def test_no_module_imports_itself_by_a_detour() -> None:
    """The import graph has no cycle; imports inside functions count, those for types only do not."""
    graph = grimp.build_graph("florilegium", cache_dir=None, exclude_type_checking_imports=True)
    imports = {m: set(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    # The front door opens Project when it is asked for; all the others may read the version that is written on it.
    imports["florilegium"] = set()
    # Take away what imports nothing that is left, again and again; a cycle is what cannot be taken away.
    while free := {m for m, targets in imports.items() if not targets & imports.keys() - {m}}:
        imports = {m: targets for m, targets in imports.items() if m not in free}

    assert sorted(imports) == []


def test_starting_up_loads_nothing_heavy() -> None:
    """Importing the command line leaves every heavy library unloaded."""
    code = f"import sys, florilegium, florilegium.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[]"


def test_the_wheel_carries_what_is_not_python(tmp_path: Path) -> None:
    """Templates, migrations and the typing marker are in the wheel, whatever a checkout would hide."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        p.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }

    assert wanted - carried == set()
    assert "florilegium/py.typed" in carried


def test_a_command_is_a_method_of_the_same_name() -> None:
    """One word is the command and the method; the few exceptions are named here."""
    from florilegium.project import Project  # here, so that a half-finished stage does not hide the other laws

    commands = set(getattr(typer.main.get_command(app), "commands", {}))
    methods = {name for name in vars(Project) if not name.startswith("_") and callable(getattr(Project, name))}
    whole_way = {"demo", "run"}  # several methods one after the other
    without_project = {"predict", "serve", "export", "encoder", "lab", "cards", "draft", "restore"}  # no project there

    assert commands - whole_way - without_project - methods == set()
    assert methods - commands - METHODS_WITHOUT_COMMAND == set()


def test_what_the_package_offers_is_sorted_and_there() -> None:
    """`florilegium.__all__` is sorted, and each of its names can be had."""
    assert florilegium.__all__ == sorted(florilegium.__all__)
    assert [name for name in florilegium.__all__ if not hasattr(florilegium, name)] == []
