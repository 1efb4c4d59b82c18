"""The numbers to live by: short files, short functions, no globals, nothing swallowed in silence."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# Words, sentences, colours: tables that happen to be written in Python.
TABLES = ("build/starter/", "build/samples/", "localft/ui/theme.py")

FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("localft", "build", "tests")
    for path in (ROOT / folder).rglob("*.py")
)


def _functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the name of each function and its lines without the docstring, which may be as long as it has to be."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documentation = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
            words = (documentation.end_lineno or 0) - documentation.lineno + 1 if documentation else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - words


def _silent_handlers(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of handlers that catch everything and do nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            names = ast.unparse(node.type) if node.type else "Exception"
            silent = all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
            if silent and names in ("Exception", "BaseException"):
                yield node.lineno


@pytest.mark.parametrize("name", FILES)
def test_a_file_keeps_to_the_rules(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    tree = ast.parse(text)
    faults = []
    if not name.startswith(TABLES):
        faults += [f"{function}: {lines} lines" for function, lines in _functions(tree) if lines > LONGEST_FUNCTION]
        faults += [f"{lines} lines" for lines in [text.count("\n")] if lines > LONGEST_FILE]
    faults += [f"line {node.lineno}: global" for node in ast.walk(tree) if isinstance(node, ast.Global)]
    faults += [f"line {line}: swallows everything" for line in _silent_handlers(tree)]
    assert not faults
