#pragma once

namespace sonde::daemon {

/// Footer of the program's help.
inline constexpr const char* program_footer =
    "Examples\n"
    "  sonde scan --local 192.0.2.7               scan here and now, without a daemon\n"
    "  sonde serve                                the daemon, on 127.0.0.1:8480\n"
    "  sonde scan example.com                     schedule, follow, print\n"
    "  sonde scan - --ports 22,443 < names.txt    thousands of targets\n"
    "  sonde topic tail entities --from-start     what has been found, as events\n"
    "  sonde topic tail scan.tasks --since 2h     how scans went in the last two hours\n"
    "\n"
    "A setting comes from a file (--config), from the environment (SONDE_HTTP_LISTEN for\n"
    "http.listen) or, if a verb has one for it, from a flag. `sonde print-config` shows all\n"
    "settings.\n"
    "A verb that contacts a server sends the key in SONDE_TOKEN, or in SONDE_API_KEY and\n"
    "SONDE_API_SECRET, or else the admin-key in the data folder (--data-dir) of that server.\n"
    "Exit codes: 0 done, 1 a scan failed, 64 usage, 69 no server, 70 a bug, 74 data folder\n"
    "or output, 78 configuration, 130 Ctrl-C, 141 the reader has closed the output.";

/// Footer of each verb's help.
inline constexpr const char* verb_footer =
    "`sonde --help` has examples, environment variables and exit codes.";

/// Option group that many verbs share. It is the last one in a verb's help.
inline constexpr const char* common_options = "Common options";

}  // namespace sonde::daemon
