"""Checks the allowed includes: the arrows of the design, and each library in the directory that
owns it."""

import re

from source import CPP, LIBRARIES, Violation, files, line_of, read

# DESIGN, section 2. `base` stands for base/ without base/async, which is Asio.
ARROWS = {
    "base": set(),
    "model": {"base"},
    "queue": {"base", "base/async"},
    "queue/embedded": {"base", "base/async", "queue/local"},
    "queue/memory": {"base", "base/async", "queue/local"},
    "queue/kafka": {"base", "base/async"},
    "queue/local": {"base", "base/async"},
    "views": {"queue", "model", "base", "base/async"},
    "net": {"base", "base/async"},
    "tls": {"base"},
    "scanner": {"tls", "views", "queue", "model", "base", "base/async"},
    "ingest": {"admin", "views", "net", "queue", "model", "base", "base/async"},
    "webhook": {"views", "net", "queue", "model", "base", "base/async"},
    "admin": {"views", "queue", "model", "base", "base/async"},
    "client": {"admin", "net", "queue", "model", "base", "base/async"},
    "daemon": {"base", "base/async", "model", "net", "queue", "queue/embedded", "queue/memory",
               "queue/kafka", "views", "tls", "scanner", "ingest", "webhook", "admin",
               "client"},
}
# Other directories may include these files of `queue`. Deeper files belong to a backend.
BACKENDS = ("queue/embedded", "queue/memory", "queue/kafka", "queue/local")
# The only file that names implementations.
WIRING = "daemon/backend.cpp"

# A third-party header, and the directories or single files that may include it.
OWNED = (
    (r"librdkafka/", ("queue/kafka",), "queue/kafka is the only one that knows librdkafka"),
    (r"sqlite3\.h|SQLiteCpp/", ("queue/embedded", "views"), "SQLite stays inside a queue or a view"),
    (r"openssl/", ("tls", "base", "net"), "ask tls/ or base/hash.hpp for it"),
    (r"boost/beast", ("ingest/http/request_reader.cpp", "net/response_reader.cpp",
                      "net/beast_impl.cpp"),
     "servers use ingest/http/request_reader.hpp, clients use net/http_client.hpp"),
    (r"boost/url", ("net/url.cpp",), "use net/url.hpp"),
    (r"ares", ("scanner/resolver",), "names are resolved by scanner/resolver only"),
    (r"toml\+\+/|CLI/", ("daemon",), "configuration and command line are daemon's"),
    (r"spdlog/", ("base",), "log through base/log.hpp"),
    (r"pugixml", ("scanner/modules",), "XML is read by scanner/modules/recog_file only"),
)
# Headers that may include one of the libraries above, for sources of the same directory only.
INNER_HEADERS = {
    "queue/embedded/database.hpp", "queue/embedded/sqlite_log.hpp", "views/folding_view.hpp",
    "queue/kafka/offset_client.hpp", "queue/kafka/client.hpp", "queue/kafka/client_conf.hpp",
    "queue/kafka/handles.hpp", "queue/kafka/kafka_reader.hpp", "queue/kafka/producer.hpp",
    "queue/kafka/topic_admin.hpp", "queue/kafka/translate.hpp", "queue/kafka/retention.hpp",
    "views/assertion_reader.hpp", "views/checkpointer.hpp", "views/columns.hpp",
    "views/comment_reader.hpp", "views/edge_reader.hpp", "views/entity_reader.hpp",
    "views/entity_store.hpp", "views/entity_tables.hpp", "views/interned_strings.hpp",
    "views/named_statement.hpp", "views/port_lists.hpp", "views/task_rows.hpp", "views/read_timer.hpp",
    "views/side_reader.hpp", "views/task_backlog.hpp", "views/task_listing.hpp",
    "views/task_queries.hpp", "views/task_summaries.hpp", "views/task_tables.hpp",
    "views/visibility_sets.hpp",
    "tls/openssl.hpp", "net/client_certificates.hpp",
    "net/tls_stream.hpp", "daemon/audit_flags.hpp", "daemon/scan_flags.hpp",
    "daemon/tail_flags.hpp", "daemon/usage_error.hpp",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def unit_of(path):
    """The directory of the arrows that a file belongs to."""
    for backend in BACKENDS:
        if path.startswith(backend + "/"):
            return backend
    if path.startswith("base/async/"):
        return "base/async"
    return path.split("/")[0]


def check_ours(path, line, included):
    mine, its = unit_of(path), unit_of(included)
    if mine == its or (mine == "base/async" and its == "base"):
        return None
    if mine in BACKENDS and its == "queue":
        return None
    if its in BACKENDS and mine == "daemon" and path != WIRING:
        return Violation(path, line, f"{included} is a backend, which {WIRING} alone names",
                         "use queue/io.hpp and let the wiring hand the backend in")
    if mine == "queue" and its in BACKENDS:
        return Violation(path, line, f"queue/ knows no backend, but includes {included}",
                         "turn the arrow round: the backend includes queue/")
    if its in ARROWS.get(mine, set()):
        if included in INNER_HEADERS:
            return Violation(path, line, f"{included} is of its own folder's sources only",
                             "use the folder's public headers")
        return None
    allowed = ", ".join(sorted(ARROWS.get(mine, ()))) or "nothing of ours"
    return Violation(path, line, f"{mine} may not include {included}; its arrows go to: {allowed}",
                     "move the code to where the arrow begins, or what it needs to where it may go")


def check_library(path, line, included):
    for header, owners, why in OWNED:
        if not re.match(header, included):
            continue
        if not any(path == owner or path.startswith(owner + "/") for owner in owners):
            return Violation(path, line, f"<{included}> is included outside {', '.join(owners)}",
                             why)
        header_shows_it = path.endswith(".hpp") and path not in INNER_HEADERS
        if header_shows_it:
            return Violation(path, line, f"a header of this folder shows <{included}> to others",
                             "hide it in the .cpp, or list the header as inner in tests/tidy")
    if included.startswith("boost/asio") and unit_of(path) in ("base", "model", "tls"):
        return Violation(path, line, f"{unit_of(path)}/ is free of Asio", "move it to base/async")
    return None


def check(root):
    out = []
    for file in files(root, CPP):
        path = file.as_posix()
        if path.split("/")[0] not in LIBRARIES:
            continue
        text = read(root, file)
        for found in INCLUDE.finditer(text):
            quoted, included = found.group(1) == '"', found.group(2)
            line = line_of(text, found.start())
            if quoted and included.split("/")[0] not in LIBRARIES:
                out.append(Violation(path, line, f'"{included}" is no path from the root of the tree',
                                     "write it as \"folder/file.hpp\""))
                continue
            bad = (check_ours if quoted else check_library)(path, line, included)
            if bad:
                out.append(bad)
    return out
