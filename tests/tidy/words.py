"""Nothing is left over, and nothing waits by sleeping."""

import re

from source import CPP, Violation, code_of, files, line_of, read

# Written apart, so that this file does not find itself.
LEFT_OVER = re.compile(r'\b(' + '|'.join(("FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK")) +
                       r')\b(?!-)')
SLEEPS = re.compile(r'\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|sleep)\s*\(')
PYTHON_SLEEPS = re.compile(r'\btime\.sleep\s*\(')
SETTLED = re.compile(r'#.*\bpause:')

TEXTS = CPP + (".py", ".cmake", ".md", ".toml", ".sh", ".service", "CMakeLists.txt")


def check(root):
    out = []
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
        if path.endswith(".py"):
            for number, line in enumerate(text.split("\n"), 1):
                if PYTHON_SLEEPS.search(line) and not SETTLED.search(line):
                    out.append(Violation(path, number, "a test that sleeps",
                                         "poll for what is awaited with the helper of the folder; "
                                         "where the pause is what is tested, say so on the line: "
                                         "# pause: why"))
    return out
