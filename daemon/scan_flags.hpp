#pragma once

#include "client/scan_command.hpp"

#include <CLI/App.hpp>

namespace sonde::daemon {

/// Adds the flags of `sonde scan` that apply to each of its scans. `into` outlives `scan`.
void add_scan_flags(CLI::App* scan, client::scan_options& into);

/// Adds `--explain`. `into` outlives `to`.
void add_explain_flag(CLI::App* to, client::table_detail& into);

}  // namespace sonde::daemon
