"""Every parser needs a fuzz target."""

import re
from pathlib import Path

from source import LIBRARIES, Violation, code_of, files, line_of, read

TARGETS = "tests/fuzz/targets.cmake"

# Every header that declares a parser of outside bytes, and the fuzz target that feeds it.
FUZZED = {
    "base/hash.hpp": "webhook",
    "base/utf8.hpp": "recognise",
    "client/target_list.hpp": "target_list",
    "daemon/configuration.hpp": "configuration",
    "ingest/http/body_validator.hpp": "request_validator",
    "ingest/scans/body_lines.hpp": "body_lines",
    "ingest/auth/authenticate.hpp": "credentials",
    "ingest/http/http_message.hpp": "request_target",
    "ingest/http/idempotency_key.hpp": "idempotency_key",
    "ingest/http/request_validator.hpp": "request_validator",
    "ingest/http/request_reader.hpp": "request_validator",
    "ingest/http/request_rules.hpp": "request_validator",
    "ingest/scans/scan_cursor.hpp": "body_lines",
    "ingest/scans/scan_service.hpp": "scan_order",
    "model/auth/audit_entry.hpp": "own_records",
    "model/facts/comment.hpp": "own_records",
    "model/auth/credential.hpp": "credentials",
    "model/facts/entity.hpp": "own_records",
    "model/events.hpp": "own_records",
    "model/net/ip_address.hpp": "addresses",
    "model/text/json.hpp": "scan_order",
    "model/cached_response.hpp": "own_records",
    "model/scan/number_list.hpp": "own_records",
    "model/net/port_set.hpp": "ports",
    "model/scan/profile.hpp": "ports",
    "model/scan/scan_request.hpp": "own_records",
    "model/scan/scan_task.hpp": "own_records",
    "model/facts/submission.hpp": "submission",
    "model/net/target.hpp": "addresses",
    "model/net/fqdn.hpp": "addresses",
    "model/text/text.hpp": "recognise",
    "model/facts/value.hpp": "values",
    "model/facts/value_rules.hpp": "values",
    "model/webhook/webhook.hpp": "webhook",
    "model/webhook/webhook_delivery.hpp": "own_records",
    "model/webhook/webhook_keys.hpp": "webhook",
    "net/response_reader.hpp": "http_response",
    "queue/embedded/record_codec.hpp": "record_codec",
    "scanner/modules/module.hpp": "talks",
    "scanner/modules/recog.hpp": "recog",
    "scanner/modules/recog_file.hpp": "recog",
    "scanner/modules/recognition.hpp": "recognise",
    "scanner/modules/ssh_packet.hpp": "talks",
    "tls/certificate.hpp": "certificate",
    "tls/chain_message.hpp": "client_handshake",
    "tls/client_handshake.hpp": "client_handshake",
    "views/fact_reader.hpp": "fact_reader",
    "webhook/retry_plan.hpp": "webhook",
}
# Headers that look like parsers of outside bytes, and why they need no separate target.
EXEMPT = {
    "base/clock.hpp": "reads only its own fixed form of 24 characters; own_records reaches it",
    "client/server_address.hpp": "reads the user's own --server",
    "admin/key_command.hpp": "reads what a verb of the same user says",
    "admin/redrive.hpp": "reads what a verb of the same user says",
    "daemon/moment.hpp": "reads the user's own --since and --until",
    "daemon/tail_flags.hpp": "reads the user's own --offset",
    "daemon/retention.hpp": "reads the operator's own settings; configuration reaches it",
    "model/net/address_scope.hpp": "reads the operator's own lists; configuration reaches it",
    "model/scan/scan_depth.hpp": "compares three names; own_records and scan_order reach it",
    "model/ids.hpp": "compares shapes; own_records reaches it",
    "net/url.hpp": "reads the user's own --server",
    "scanner/resolver/resolver.hpp": "reads the operator's own list; configuration reaches it",
    "tls/der.hpp": "reached by certificate",
    "tls/extensions.hpp": "reached by certificate",
    "tls/general_names.hpp": "reached by certificate",
    "tls/names.hpp": "reached by certificate",
    "tls/text.hpp": "reached by certificate",
    "tls/alert.hpp": "reached by client_handshake",
    "tls/public_key.hpp": "reached by certificate",
    "tls/signature_algorithm.hpp": "reached by certificate",
    "tls/validity.hpp": "reached by certificate",
    "scanner/engine/certificate_facts.hpp": "hands bytes to tls/certificate.hpp, which certificate "
                                            "feeds",
}

PARSER = re.compile(r'\b(?:parse\w*|decode\w*|recognise\w*|read_\w+|from_\w+|to_utf8|clean)\s*\(\s*'
                    r'(?:const\s+)?(?:std::)?(?:string_view|string\s*&|span<)')


def check(root):
    out = []
    build_file = Path(root, TARGETS)
    listed = set(re.findall(r"^\s*sonde_fuzz\(\s*(\w+)", build_file.read_text(encoding="utf-8"),
                            re.MULTILINE)) if build_file.exists() else set()
    for header, target in FUZZED.items():
        if Path(root, header).exists() and target not in listed:
            out.append(Violation(TARGETS, 1, f"{header} parses bytes from outside, and there is no "
                                 f"fuzz target {target}", f"write tests/fuzz/{target}.cpp and add "
                                 f"sonde_fuzz({target} LINKS …)"))
    for file in files(root, (".hpp",)):
        path = file.as_posix()
        if path.split("/")[0] not in LIBRARIES or path in FUZZED or path in EXEMPT:
            continue
        code = code_of(read(root, file))
        found = PARSER.search(code)
        if found:
            out.append(Violation(path, line_of(code, found.start()),
                                 "declares a parser that tests/tidy/fuzzers.py does not know",
                                 "add a fuzz target and a line in FUZZED, or one in EXEMPT with its "
                                 "reason"))
    return out
