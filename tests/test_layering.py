"""How files import each other: in one direction, never in a circle."""

import ast
import pkgutil
from pathlib import Path

import generate_any_scene

ROOT = Path(generate_any_scene.__file__).parent
NAME = generate_any_scene.__name__
TOPS = ("training", "builders", "taxonomy")
"""Who imports whom: a folder those that follow it."""
STAGES = (
    "recipe",
    "foundation",
    "structures",
    "content",
    "text",
    "foils",
    "questions",
    "rows",
    "folder",
    "drawing",
    "card",
    "build",
    "inspection",
    "hub",
    "diff",
    "export",
    "decontaminate",
    "commands",
)
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


def find_imports(name):
    """Modules of ours that a module imports anywhere in it: at its top, in functions, for types alone."""
    file, found = MODULES[name], set()
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {one if (one := f"{base}.{alias.name}") in MODULES else base for alias in node.names}
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
    """The package of `builders/` that a module is in; the module itself if in none."""
    parts = name.split(".")
    return ".".join(parts[:3]) if parts[1:2] == ["builders"] else ".".join(parts[:2])


def test_all_modules_are_looked_at():
    files = {file for top in TOPS for file in (ROOT / top).rglob("*.py")}
    assert files
    assert files <= set(MODULES.values())
    assert sum(map(len, IMPORTS.values())) > 500


def test_a_circle_would_be_found():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}}) is None


def test_no_module_imports_itself_through_others():
    assert find_circle(IMPORTS) is None


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


def test_the_stages_are_the_packages_in_the_order_of_the_docstring():
    packages = {path.name for path in (ROOT / "builders").iterdir() if (path / "__init__.py").is_file()}
    assert packages == set(STAGES)
    (docstring,) = [ast.get_docstring(ast.parse((ROOT / "builders" / "__init__.py").read_text(encoding="utf-8")))]
    lines = [line.split() for line in docstring.splitlines() if line.startswith("    ")]
    assert tuple(words[0] for words in lines if words[0] in packages) == STAGES
