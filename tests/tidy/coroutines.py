"""Finds coroutine forms that GCC 12 miscompiles or that outlive their references (STYLE,
Coroutines)."""

import re

from source import CPP, LIBRARIES, Violation, code_of, files, line_of, matching, read

AWAIT = re.compile(r'\bco_await\b')
KEYWORD = re.compile(r'\bco_(await|return|yield)\b')
CONDITION = re.compile(r'\b(if|while|switch|for)\b\s*(?:constexpr\s*)?\(')
CATCH = re.compile(r'\bcatch\s*\(')
LAMBDA = re.compile(r'\[([^\[\]]*)\]\s*(?=[({]|mutable\b)')
BLOCK_BEFORE = re.compile(r'(?:[;{}):]|\b(?:else|do|try|mutable|noexcept|const|override|final)|'
                          r'->\s*[\w:<>,\s&*]+)\s*$')
FILLED_BRACE = re.compile(r'(?:[(,]|[\w>])\s*\{\s*(?![\s}])')
# A named lambda: `auto name = […`.
NAMED = re.compile(r'=\s*$')
# References that bind to a temporary, as parameters of a coroutine.
BORROWED = re.compile(r'\bawaitable<[^;{}()]*>\s+(?:[\w:]+::)?\w+\s*\(([^;{}]*?)\)\s*'
                      r'(?:const\s*)?(?:override\s*)?(?:final\s*)?[;{]')
BORROWING = re.compile(r'std::(?:string_view|span<[^>]*>)|const std::\w+(?:<[^&]*>)?\s*&|&&')

# Exceptions to a rule, with the reason.
RESOLVES = {"net/connection.cpp": "one name at the start of a command, no other waits"}


def statement_begin(code, at):
    """The position where the full expression around `at` starts, and whether it is inside braces
    that hold values instead of statements."""
    depth = 0
    for i in range(at - 1, -1, -1):
        c = code[i]
        if c in ")]}":
            if c == "}" and depth == 0 and BLOCK_BEFORE.search(code[max(0, opening(code, i) - 120):
                                                                    opening(code, i)]):
                return i + 1, False
            depth += 1
        elif c in "([":
            depth -= 1
        elif c == "{":
            if depth <= 0:
                if BLOCK_BEFORE.search(code[max(0, i - 120):i]) or not code[:i].strip():
                    return i + 1, False
                return i + 1, True
            depth -= 1
        elif c == ";" and depth <= 0:
            return i + 1, False
    return 0, False


def opening(code, closing):
    depth = 0
    for i in range(closing, -1, -1):
        if code[i] in ")]}":
            depth += 1
        elif code[i] in "([{":
            depth -= 1
            if depth == 0:
                return i
    return 0


def statement_end(code, at):
    depth = 0
    for i in range(at, len(code)):
        c = code[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if c == "}" and depth < 0:
                return i
        elif c == ";" and depth <= 0:
            return i
    return len(code)


def holds_values(captures):
    """Whether a lambda captures more than references and `this`."""
    parts = [part.strip() for part in captures.split(",") if part.strip()]
    return any(not (part.startswith("&") or part == "this") for part in parts)


def check_expressions(code):
    seen = set()
    for found in AWAIT.finditer(code):
        begin, in_values = statement_begin(code, found.start())
        end = statement_end(code, found.start())
        if in_values:
            yield found.start(), ("co_await inside the braces of a value",
                                  "await into a named local first")
            continue
        if (begin, end) in seen:
            continue
        seen.add((begin, end))
        text = code[begin:end]
        if CONDITION.match(text.lstrip()) or text.lstrip().startswith(("else", "case")):
            text = code[found.start():end]  # the condition is checked separately
        if "?" in text:
            yield found.start(), ("co_await in an expression with ?:", "write if and else")
        for inner in LAMBDA.finditer(text):
            if holds_values(inner.group(1)) and not NAMED.search(text[:inner.start()]):
                yield begin + inner.start(), (
                    "a capturing lambda made in an expression that awaits",
                    "name the lambda before, then std::move it")
        for brace in FILLED_BRACE.finditer(text):
            if not BLOCK_BEFORE.search(text[:brace.end() - 1].rstrip("{ \n")):
                yield begin + brace.start(), (
                    "an aggregate made in an expression that awaits",
                    "name it as a local before")


def check_conditions(code):
    for found in CONDITION.finditer(code):
        open_at = found.end() - 1
        inside = code[open_at:matching(code, open_at)]
        if AWAIT.search(inside):
            yield found.start(), (f"co_await in the parentheses of {found.group(1)}",
                                  "await into a named local before it")


def check_catches(code):
    for found in CATCH.finditer(code):
        body = code.find("{", matching(code, found.end() - 1))
        if body >= 0 and AWAIT.search(code[body:matching(code, body)]):
            yield found.start(), ("co_await in a catch block",
                                  "keep the error in a local and await after the block")


def check_lambdas(code):
    for found in LAMBDA.finditer(code):
        body = code.find("{", found.end())
        parameters = found.end()
        if code[parameters:parameters + 1] == "(":
            body = code.find("{", matching(code, parameters))
        end = matching(code, body)
        if not found.group(1).strip() or body < 0 or not KEYWORD.search(code[body:end]):
            continue
        # `run` of the tests returns when the coroutine has ended, so the lambda lives long enough.
        waits_for_it = code[:found.start()].endswith("run(")
        if re.match(r'\s*\(', code[end + 1:]) and not waits_for_it:
            yield found.start(), ("a coroutine lambda with captures is called where it is made: its "
                                  "captures are gone at the first suspension",
                                  "name the lambda and let it outlive the coroutine, or make it a "
                                  "function that takes its values as parameters")


def check_borrowing(code):
    for found in BORROWED.finditer(code):
        for parameter in found.group(1).split(","):
            if BORROWING.search(parameter):
                yield found.start(), (f"a coroutine borrows its parameter `{parameter.strip()}`",
                                      "take it by value: a coroutine runs after its caller's "
                                      "temporaries are gone")


def check_asio(path, code):
    if path.startswith("base/async/"):
        return
    for pattern, what, fix in (
            (r'\basio::detached\b|\buse_detached\b', "detached swallows exceptions",
             "spawn through a task_group"),
            (r'awaitable_operators\.hpp', "|| of awaitables waits for one success, and may lose what "
             "the other received", "use base/async/deadline.hpp or an operation_timeout"),
            (r'\basync_resolve\b', "async_resolve cannot be cancelled", "ask scanner/resolver")):
        for found in re.finditer(pattern, code):
            if "async_resolve" in found.group(0) and path in RESOLVES:
                continue
            yield found.start(), (what, fix)


def check_text(path, text):
    code = code_of(text)
    for finder in (check_expressions, check_conditions, check_catches, check_lambdas,
                   check_borrowing):
        for position, (what, fix) in finder(code):
            yield Violation(path, line_of(code, position), what, fix)
    if path.split("/")[0] in LIBRARIES:
        for position, (what, fix) in check_asio(path, code):
            yield Violation(path, line_of(code, position), what, fix)


def check(root):
    out = []
    for file in files(root, CPP):
        text = read(root, file)
        out += check_text(file.as_posix(), text)
    return sorted(set(out), key=lambda v: (v.file, v.line))
