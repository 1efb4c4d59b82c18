"""Code fences: found, told to be whole or not, and never the end of the process that looks at them."""

import pytest

from localft.data.texts.code_blocks import CodeBlock, closing_fence, code_blocks, fault_of, parse_strictly


def test_blocks_are_found_in_order() -> None:
    text = "Look:\n```json\n{}\n```\nand\n~~~Py\nx = 1\n```\n~~~\nor ```inline``` and\n````\n```\nnot an end\n````"
    assert code_blocks(text) == [
        CodeBlock("json", "{}\n", closed=True),
        CodeBlock("py", "x = 1\n```\n", closed=True),
        CodeBlock("", "```\nnot an end\n", closed=True),
    ]


@pytest.mark.parametrize("text", ["Use ```x``` here", "no fence", "``` one line ```", ""])
def test_code_within_a_line_is_no_block(text: str) -> None:
    assert code_blocks(text) == []
    assert closing_fence(text) == text


def test_an_open_fence_is_told_and_closed() -> None:
    text = "```\nx\n```\nThen:\n~~~~js\nf()\n\n"
    assert [block.closed for block in code_blocks(text)] == [True, False]
    assert closing_fence(text) == "```\nx\n```\nThen:\n~~~~js\nf()\n~~~~"
    assert all(block.closed for block in code_blocks(closing_fence(text)))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("json", '{"a": [1, 2.5, null], "b": "..."}'),
        ("json", '{"a": 1, ...}'),
        ("json", "9" * 10_000),
        ("jsonl", '{"a": 1}\n\n{"a": 2}\n'),
        ("python", "    if x:\n        return 1\n"),
        ("python", ">>> 1 +\n2"),
        ("python", "!pip install x\nimport x"),
        ("py", "def f():\n    ...\n"),
        ("python", "async def f(): return await g()\nprint('\\d')"),
        ("python", "def first[T](items: list[T]) -> T:\n    return items[0]\ntype Pair = tuple[int, int]"),
        ("python", 'print(f"{row["name"]}")\ntry:\n    x\nexcept KeyError, ValueError:\n    y'),
        ("python", 'x = f"{row["name"]}"'),
        ("toml", 'a = 1\n[b]\nc = "x"\n'),
        ("xml", "<a/><b c='1'>x &amp; y</b>"),
        ("xml", "<?xml version='1.0'?><a/>"),
        ("xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        ("js", "if (x) { f('}{') } // {"),
        ("rust", "fn f<'a>(x: &'a str) { println!(\"{}\", x); }"),
        ("yaml", "a: &x [b, c]\nd: *x\n---\ne: |\n  any: [text\n"),
        ("yaml", "a: {{ .Values.b }}\n{{- if .c }}\nd: 1\n{{- end }}\n"),
        ("yml", "on:\n  - push\n...\n"),
        ("yaml", "&a [&b [&c [1, *a], *b], *c]"),
        ("sql", "SELECT a, COUNT(*) FROM t LEFT JOIN s USING (id) WHERE b IN (1, 2) GROUP BY a HAVING COUNT(*) > 3;"),
        ("sql", "SELECT TOP 10 [Name] FROM [dbo].[Users] WITH (NOLOCK);"),
        ("sql", "CREATE TABLE t (id SERIAL PRIMARY KEY, data JSONB DEFAULT '{}'::jsonb);"),
        ("sql", "INSERT INTO t (a) VALUES ('it''s') ON DUPLICATE KEY UPDATE a = VALUES(a);"),
        ("sql", "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW BEGIN UPDATE s SET n = n + 1; END;"),
        ("sql", "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END //\nDELIMITER ;"),
        ("sql", "SELECT * FROM <table> WHERE id = ?"),
        ("sql", "SELECT a, ... FROM t"),
        ("sql", "WHERE a = 1 AND b = 2"),
        ("sql", "-- in the query above\nLEFT JOIN b ON a.id = b.id"),
        ("sql", "mysql> SELECT 1;\n+---+\n| 1 |\n+---+"),
        ("tsql", "SELECT 1\nGO\nSELECT 2"),
        ("sql", "BACKUP DATABASE Shop TO DISK = 'D:\\shop.bak' WITH INIT, COMPRESSION;"),
        ("tsql", "-- over night\nRESTORE DATABASE Shop FROM DISK = 'D:\\shop.bak' WITH REPLACE;"),
        ("postgres", "LISTEN orders;\nNOTIFY orders, 'new';"),
        ("sql", "SELECT name FROM customers WHERE -- filter here"),
        ("sql", "SELECT name FROM customers WHERE /* yours */;\n"),
        ("sql", "SELECT " + "NOT " * 5_000 + "1"),
        ("basic", "a: [b"),
        ("text", "{{{ ((("),
        ("json", ""),
    ],
)
def test_code_that_is_whole_has_no_fault(language: str, code: str) -> None:
    assert fault_of(language, code) is None


@pytest.mark.parametrize(
    ("language", "code", "fault"),
    [
        ("json", '{"a": 1,}', "line 1"),
        ("json", '{"a": NaN}', "NaN is not allowed in JSON"),
        ("jsonl", '{"a": 1}\n{"a"', "line 1"),
        ("python", "def f(:\n    pass", "line 1: invalid syntax"),
        ("python", "x = (1,\n     2", "line 1: '(' was never closed"),
        ("python", "x = '\ud800", "line 1: unterminated"),
        ("toml", "a = \n", "Invalid value"),
        ("xml", "<a><b></a>", "mismatched tag"),
        ("yaml", "a: [b\nc: d", "line 2: "),
        ("yml", "a:\n\t- b", "line 2: "),
        ("yaml", "a: *b", "line 1: *b stands for nothing"),
        ("sql", "SELECT * FORM t", "line 1: it cannot be read at t"),
        ("sql", "SELECT a\nFROM t\nWHERE (a = 1;", "line 3: it cannot be read"),
        ("sqlite", "INSERT INTO t VALUES ('x", "not closed"),
        ("java", "class A { void f() { return; }", "1 of its braces is not closed"),
        ("ts", "function f() { if (x) { g();", "2 of its braces are not closed"),
    ],
)
def test_what_is_torn_is_told(language: str, code: str, fault: str) -> None:
    assert fault in str(fault_of(language, code))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "(" * 20_000),
        ("python", "-" * 40_000 + "1"),
        ("python", "a" + ".a" * 20_000),
        ("python", "x if y else " * 2_000 + "z"),
        ("python", "elif x:\n  pass\n" * 100_000),
        ("json", "[" * 40_000),
        ("toml", "a" + ".a" * 24_000 + " = 1"),
        ("xml", "<a>" * 20_000),
        ("yaml", "[" * 40_000),
        ("yaml", "- " * 20_000),
        ("yaml", "".join(f"{' ' * n}a:\n" for n in range(300))),
        ("sql", "SELECT " + "(" * 4_000),
        ("sql", "SELECT " + "NOT " * 1_200 + "1"),
        ("sql", "SELECT " + "CASE WHEN " * 400),
        ("js", "{" * 40_000),
    ],
)
def test_what_is_nested_without_end_is_survived(language: str, code: str) -> None:
    fault = fault_of(language, code)
    assert fault is None or "\n" not in fault


def test_strict_json_takes_no_constants() -> None:
    assert parse_strictly('{"a": 1.5}') == {"a": 1.5}
    with pytest.raises(ValueError, match="Infinity"):
        parse_strictly("[Infinity]")
