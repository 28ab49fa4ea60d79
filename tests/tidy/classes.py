"""Finds classes whose member functions are defined in several sources (STYLE, decision 13)."""

import re

from source import LIBRARIES, Violation, code_of, files, line_of, matching, read

# Classes that may exist in several sources, by the top-level folder and the name. There is none: a
# class that does not fit into one source is two classes.
KNOWN = frozenset()

# A qualified name before the parameters of a definition. Operators and destructors count.
DEFINED = re.compile(r'((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)(?:<[^<>;{}()]*>)?::(~?[A-Za-z_]\w*|operator[^\s\w(]{1,3})\s*\(')
# Text between the parameters and the body, without the initialisers of a constructor.
BEFORE_BODY = re.compile(r'\s*(?:const\b|noexcept\b|override\b|final\b|&{1,2}|'
                         r'->[\w:<>,\s&*]+)*\s*(?:\{|:(?!:))')
# The end of the code before a definition, at namespace level, followed by the return type.
HEAD = re.compile(r'(?:^|[;}{])\s*(?:template\s*<[^;{}]*>\s*)?(?:[\w:<>,&*\s]|\[\[[\w:]+\]\])*$')
SCOPE = re.compile(r'\b(?:namespace|extern)\b[^;{}()=]*$')


def outer_code(code):
    """The code outside the bodies of functions and classes. Namespaces count as outside."""
    out = list(code)
    at = 0
    while at < len(code):
        if code[at] == "{" and not SCOPE.search(code[max(0, at - 200):at]):
            end = matching(code, at)
            for i in range(at + 1, min(end, len(code))):
                if out[i] != "\n":
                    out[i] = " "
            at = end
        at += 1
    return "".join(out)


def classes_of(text):
    """(class, line) of the first member function of each class that a source defines."""
    code = re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  code_of(text), flags=re.MULTILINE)
    code = outer_code(code)
    seen = {}
    for found in DEFINED.finditer(code):
        end = matching(code, found.end() - 1)
        if not BEFORE_BODY.match(code, end + 1):
            continue
        if HEAD.search(code[max(0, found.start() - 300):found.start()]):
            seen.setdefault(found.group(1), line_of(code, found.start()))
    return seen


def check(root, known=KNOWN):
    places = {}
    for file in files(root, (".cpp",)):
        path = file.as_posix()
        folder = path.split("/")[0]
        if folder not in LIBRARIES:
            continue
        for name, line in classes_of(read(root, file)).items():
            places.setdefault((folder, name), []).append((path, line))
    out = []
    for (folder, name), found in sorted(places.items()):
        if len(found) < 2 or f"{folder}/{name}" in known:
            continue
        for path, line in found[1:]:
            out.append(Violation(path, line, f"member functions of {name} are also in {found[0][0]}",
                                 "a class has one source: split the class, not its source"))
    for name in sorted(known):
        if len(places.get(tuple(name.split("/")), ())) < 2:
            out.append(Violation("tests/tidy/classes.py", 1, f"{name} is in one source at most",
                                 "take it off the list KNOWN"))
    return out
