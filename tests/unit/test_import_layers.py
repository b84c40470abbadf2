"""Imports run one way: the layers of docs/architecture.md, each of which knows only what its row says."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "logster"
FILES = sorted(PACKAGE.rglob("*.py"))

# What hands reports over, and so knows who takes them, as docs/architecture.md says below its table.
HAND_OVER = {
    *("capture.handler", "capture.permalink", "capture.uncaught"),
    *(f"capture.{name}" for name in ("hook", "hooks", "loops", "termination", "warned")),
}


def layers() -> dict[str, tuple[set[str], str]]:
    """Return the table of docs/architecture.md: the layer's name, its modules and what it knows."""
    text = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| (\w+) \| ((?:`\w+` ?)+) ?\| (.+?) \|$", text, re.MULTILINE)
    return {name: (set(re.findall(r"`(\w+)`", modules)), knows) for name, modules, knows in rows}


LAYERS = layers()
LAYER_OF = {module: name for name, (modules, _) in LAYERS.items() for module in modules}


def allowed(layer: str) -> set[str]:
    """Return the layers that `layer` may import from: itself, and those that its row names."""
    knows = LAYERS[layer][1]
    above = list(LAYERS)[: list(LAYERS).index(layer)]
    if "all" in knows or "the above" in knows:
        return {layer, *above}
    return {layer, *(name for name in above if re.search(rf"\b{name}\b", knows))}


def module_name(path: Path) -> str:
    """Return the module's name below `logster`; that of a package for its `__init__.py`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in FILES}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules below `logster` that the statements in `tree` import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            _, _, below = name.partition("logster.")
            if name.startswith("logster.") and below in MODULES:
                yield below


def at_runtime(path: Path) -> ast.AST:
    """Return the module without what only a type checker reads."""
    tree = ast.parse(path.read_text())
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    return tree


def test_every_module_has_a_layer() -> None:
    """A new module finds its row in docs/architecture.md first."""
    assert {name.partition(".")[0] for name in MODULES if name} <= set(LAYER_OF)


@pytest.mark.parametrize("path", FILES, ids=[module_name(path) or "logster" for path in FILES])
def test_a_module_imports_only_what_its_layer_knows(path: Path) -> None:
    name = module_name(path)
    if not name:
        return
    layer = LAYER_OF[name.partition(".")[0]]
    may = allowed(layer) | ({"service", "delivery"} if name in HAND_OVER else set())
    found = {each: LAYER_OF[each.partition(".")[0]] for each in imported(ast.parse(path.read_text()))}
    assert {each: of for each, of in found.items() if of not in may} == {}


def test_there_are_no_cycles() -> None:
    """Imports inside functions count: they are for optional dependencies, not to dodge a cycle. Types alone do not."""
    graph = {module_name(path): set(imported(at_runtime(path))) for path in FILES if module_name(path)}
    # A package's __init__ and its modules see each other by nature.
    packages = {module_name(path) for path in FILES if path.name == "__init__.py"}
    for name, found in graph.items():
        graph[name] = {each for each in found if each not in packages and each != name}
    TopologicalSorter(graph).prepare()
