"""Finds leftover markers, tests that wait for a time, phrases that are not plain technical
English, doc comments that do not name their subject, and log messages out of form.

Not checked, because a pattern cannot tell a wrong use from a right one: "who" in the sense of "the
one that", "a word" in the sense of an assertion, and "told", "said" and "asked" without a form of
"to be" before them.
"""

import re

from source import CPP, Violation, code_of, files, line_of, read

# Written in parts, so that this file does not report itself.
LEFT_OVER = re.compile(r'\b(' + '|'.join(("FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK")) +
                       r')\b(?!-)')
SLEEPS = re.compile(r'\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|sleep)\s*\(')
PYTHON_SLEEPS = re.compile(r'\btime\.sleep\s*\(')
SETTLED = re.compile(r'(?:#|//).*\bpause:')
# Tests in C++ that may wait for a time: against real servers and brokers. One has a timer that never
# ends.
MAY_WAIT = re.compile(r'tests/(engine|kafka|conformance|support)/|tests/base/task_group_test\.cpp')
# Timers, and the function of tests/engine that waits for a time. A declaration is no call.
PAUSES = re.compile(r'\b(?:(?:steady|system|high_resolution|waitable|deadline)_timer\b|'
                    r'(?<!awaitable<void> )pause\()')
# They measure, so they may follow a clock.
MAY_PAUSE = ("tests/bench/", "tests/fuzz/")

TEXTS = CPP + (".py", ".cmake", ".md", ".toml", ".sh", ".service", "CMakeLists.txt")

PHRASED = TEXTS + (".inc", ".in", ".json", ".yaml", ".yml")
# History, and bytes and texts of others.
NOT_PHRASED = re.compile(r'^docs/decisions/|(^|/)(seeds|transcripts|corpus|corpora|third_party)/')

# An underscore is a gap between words, and a tilde is nothing: this file does not report itself.
BE = "(?:is|are|was|were|be|been|being)"
PHRASES = {
    "who~ever": "name the subject: the caller, the thread, the code that",
    "such_as_nobody": "name what it is",
    "so_(?:much|many)": "give the number, or: too much, that many",
    BE + "_told": "say what it receives, reads or is notified of",
    BE + "_asked": "say what is sent, requested, queried or probed",
    BE + "_said": "say what is sent or reported",
    BE + "_known_to": "say what is recorded, or who has it",
    "of_the~se": "repeat the noun",
    "what_there_is": "name the list",
    "hee~d(?:s|ed|ing)?": "say what happens on it: on_cancelled",
    "bur(?:y|ies|ied|ying)": "say: close, close_async, write a dead letter",
    "ones?['’]?s?_own": "name the owner",
    "at_all": "leave it out",
    "behi~nd_it": "say: after it",
    "for_?ever": "say: indefinitely, without expiry",
}
GAP = r'(?:[ \t]+|[ \t]*"?[ \t]*\n[ \t]*(?://+<?|\#|\*|>|f?")?[ \t]*)'


def _pattern(phrase):
    return phrase.replace("_?", f"{GAP}?").replace("_", GAP).replace("~", "")


PHRASE = re.compile("|".join(rf'(?P<p{number}>\b{_pattern(phrase)}\b)'
                             for number, phrase in enumerate(PHRASES)), re.IGNORECASE)

DOC_COMMENT = re.compile(r'^[ \t]*/// ?(Of|Who|So[ ]many|Nothing|What|How|Whether|Which)\b')
LOGGED = re.compile(r'\b\w*log_?(?:\(\))?(?:\.|->)(?:info|warning|error|debug)\(\s*'
                    r'(?P<text>(?:"(?:\\.|[^"\\\n])*"\s*)+)(?P<next>[,)])?')
LOG_START = re.compile(r'[a-z]|[A-Z][A-Z0-9]+\b')


def check_phrases(path, text):
    for found in PHRASE.finditer(text):
        instead = list(PHRASES.values())[int(found.lastgroup[1:])]
        phrase = " ".join(re.findall(r"[\w'’]+", found.group(0)))
        yield Violation(path, line_of(text, found.start()),
                        f'"{phrase}" is not plain technical English', instead)


def check_doc_comments(path, text):
    before = ""
    for number, line in enumerate(text.split("\n"), 1):
        found = DOC_COMMENT.match(line)
        if found and not before.lstrip().startswith("///"):
            yield Violation(path, number, f"a doc comment that begins with {found.group(1)}",
                            "begin with a verb, or with a noun that names the thing")
        before = line


def check_logs(path, text):
    for found in LOGGED.finditer(text):
        message = "".join(re.findall(r'"((?:\\.|[^"\\\n])*)"', found["text"]))
        line = line_of(text, found.start("text"))
        if not LOG_START.match(message):
            yield Violation(path, line, "a log message that does not begin in lower case",
                            "write: event; consequence")
        if found["next"] and message.endswith("."):
            yield Violation(path, line, "a log message that ends in a period", "leave it out")


def check_pauses(path, text):
    may_wait = MAY_WAIT.match(path)
    lines = text.split("\n")
    for number, line in enumerate(code_of(text).split("\n")):
        if PAUSES.search(line) and not (may_wait and SETTLED.search(lines[number])):
            yield Violation(path, number + 1, "a test that waits for a time",
                            "wait for a condition with test::until, or pass a clock; a test against "
                            "real servers (tests/engine) may wait, and says so: // pause: why")


def check_wording(root):
    for file in files(root, PHRASED):
        path = file.as_posix()
        if NOT_PHRASED.search(path):
            continue
        text = read(root, file)
        yield from check_phrases(path, text)
        if path.endswith(CPP):
            yield from check_doc_comments(path, text)
            yield from check_logs(path, text)


def check(root):
    out = list(check_wording(root))
    for file in files(root, TEXTS):
        path, text = file.as_posix(), read(root, file)
        for found in LEFT_OVER.finditer(text):
            out.append(Violation(path, line_of(text, found.start()), f"a {found.group(0)} left over",
                                 "do it, or write an issue and take the word out"))
        if path.endswith(CPP):
            code = code_of(text)
            for found in SLEEPS.finditer(code):
                out.append(Violation(path, line_of(code, found.start()),
                                     f"{found.group(1)} blocks a thread and proves nothing",
                                     "wait for what is awaited: a condition, a record, a clock"))
            if path.startswith("tests/") and not path.startswith(MAY_PAUSE):
                out += check_pauses(path, text)
        if path.endswith(".py"):
            for number, line in enumerate(text.split("\n"), 1):
                if PYTHON_SLEEPS.search(line) and not SETTLED.search(line):
                    out.append(Violation(path, number, "a test that sleeps",
                                         "poll for what is awaited with the helper of the folder; "
                                         "where the pause is what is tested, say so on the line: "
                                         "# pause: why"))
    return out
