"""Limits the length of functions to a screen and that of files to a few screens."""

import ast
import re

from source import CPP, Violation, code_of, files, line_of, matching, read

LONGEST_FUNCTION = 70
LONGEST_FILE = 400

_SCOPE = re.compile(r'\b(namespace|extern)\b|\b(class|struct|union|enum)\b[^()=]*$')
_DATA = re.compile(r'=\s*$')


def functions(code):
    """Yields the first and last position of every function definition, from the end of the
    preceding code to the closing brace. Does not look inside a function."""
    at = 0
    head = 0
    while at < len(code):
        c = code[at]
        if c in ";}":
            head = at + 1
        elif c == ":" and re.search(r'\b(public|private|protected)\s*$', code[head:at]):
            head = at + 1
        elif c == "(":
            at = matching(code, at)
        elif c == "{":
            before = code[head:at]
            if _SCOPE.search(before) and not _DATA.search(before):
                head = at + 1
            else:
                end = matching(code, at)
                if not _DATA.search(before):
                    yield head + len(before) - len(before.lstrip()), end
                at = head = end
                head += 1
        at += 1


def check_cpp(path, text):
    code = re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  code_of(text), flags=re.MULTILINE)
    for begin, end in functions(code):
        lines = code.count("\n", begin, end) + 1
        if lines > LONGEST_FUNCTION:
            yield line_of(code, begin), lines


def check_python(path, text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield node.lineno, lines


def check(root):
    out = []
    for file in files(root, CPP + (".py",)):
        path, text = file.as_posix(), read(root, file)
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            out.append(Violation(path, lines, f"{lines} lines; a file has at most {LONGEST_FILE}",
                                 "give a part that stands alone a file of its own"))
        finder = check_python if path.endswith(".py") else check_cpp
        for line, length in finder(path, text):
            out.append(Violation(path, line, f"a function of {length} lines; the most is "
                                 f"{LONGEST_FUNCTION}", "take a step out of it and name it"))
    return out
