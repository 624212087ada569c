"""How files import each other: in one direction, never in a circle."""

import ast
import pkgutil
import re
from pathlib import Path

import generate_any_scene
from generate_any_scene import builders

ROOT = Path(generate_any_scene.__file__).parent
NAME = generate_any_scene.__name__
TOPS = ("training", "builders", "taxonomy")
"""Who imports whom: a folder those that follow it."""
STAGES = tuple(re.findall(r"^    (\w+)  +\S", builders.__doc__, re.MULTILINE))
"""The packages of `builders/`, as its docstring has them: each imports those before it alone."""


def list_modules():
    """Every module of the package by its name, with its file; tests and what only builds the package left out."""
    modules = {}
    for module in pkgutil.walk_packages([str(ROOT)], f"{NAME}.", onerror=lambda name: None):
        path = ROOT.joinpath(*module.name.split(".")[1:])
        file = path / "__init__.py" if module.ispkg else path.with_suffix(".py")
        if module.name.split(".")[1] not in ("tests", "benchmarks", "build", "dist", "setup"):
            modules[module.name] = file
    return modules


MODULES = list_modules()


def find_names(name):
    """(module, name) of whatever a module imports anywhere in it: at its top, in functions, for types alone."""
    file = MODULES[name]
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((base, alias.name) for alias in node.names)


def find_imports(name):
    """Modules of ours that a module imports."""
    found = {one if (one := f"{base}.{alias}") in MODULES else base for base, alias in find_names(name)}
    return (found & MODULES.keys()) - {name}


IMPORTS = {name: find_imports(name) for name in MODULES}


def find_circle(imports):
    """Names that import each other in a circle; None if there is none."""
    done = set()

    def visit(name, path):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in sorted(imports.get(name, ())):
            if circle := visit(other, [*path, name]):
                return circle
        done.add(name)
        return None

    return next((circle for name in sorted(imports) if (circle := visit(name, []))), None)


def find_room(name):
    """The package of `builders/` or `training/` that a module is in, or else the module at the top."""
    parts = name.split(".")
    return ".".join(parts[:3] if parts[1] in ("builders", "training") else parts[:2])


def test_all_modules_are_looked_at():
    copied = ROOT / "training" / "metrics" / "modules"  # by `evaluate`, which runs the copies
    files = {file for top in TOPS for file in (ROOT / top).rglob("*.py") if copied not in file.parents}
    assert files
    assert files <= set(MODULES.values())
    assert sum(map(len, IMPORTS.values())) > 500


def test_a_circle_would_be_found():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}}) is None


def test_no_module_imports_itself_through_others():
    assert find_circle(IMPORTS) is None


def test_trainers_are_imported_by_their_kind_alone():
    folder = f"{NAME}.training.trainers."
    others = [name for name in MODULES if not name.startswith(folder)]
    assert [name for name in others if any(imported.startswith(folder) for imported in IMPORTS[name])] == []


def test_no_package_imports_itself_through_others():
    rooms = {}
    for name, imported in IMPORTS.items():
        rooms.setdefault(find_room(name), set()).update(map(find_room, imported))
    assert find_circle({room: others - {room} for room, others in rooms.items()}) is None


def runs_against(name, other):
    """Whether an import runs from taxonomy to builders to training, or down the stages of `builders/`."""
    (_, top, *rest), (_, other_top, *other_rest) = (f"{module}.".split(".") for module in (name, other))
    if top != other_top:
        return {top, other_top} <= set(TOPS) and TOPS.index(top) > TOPS.index(other_top)
    return {rest[0], other_rest[0]} <= set(STAGES) and STAGES.index(rest[0]) < STAGES.index(other_rest[0])


def test_imports_run_one_way():
    assert [
        f"{name} imports {other}" for name in MODULES for other in IMPORTS[name] if runs_against(name, other)
    ] == []


def test_an_import_against_the_flow_would_be_found():
    assert runs_against(f"{NAME}.taxonomy.loader", f"{NAME}.builders.recipe.model")
    assert runs_against(f"{NAME}.builders.recipe.model", f"{NAME}.builders.rows.schema")
    assert not runs_against(f"{NAME}.builders.rows.schema", f"{NAME}.builders.recipe.model")
    assert not runs_against(f"{NAME}.training.data", f"{NAME}.builders.gas")


def test_others_take_what_a_package_says_that_they_take():
    """The names that follow "Others take" in its docstring; users take those that are public."""
    taken = {(name, *imported) for name in MODULES for imported in find_names(name)}
    claims = []
    for room, file in MODULES.items():
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        claim = re.search(r"^Others take(.*?)(?:\n\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
        claims += [(room, word) for word in re.findall(r"`(\w+)`", claim[1] if claim else "")]
    assert len(claims) > 40
    for room, word in claims:
        others = [name for name, base, alias in taken if alias == word and f"{base}.".startswith(f"{room}.")]
        assert word in generate_any_scene.__all__ or [name for name in others if not f"{name}.".startswith(f"{room}.")]
