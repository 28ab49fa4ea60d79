#include "daemon/scan_flags.hpp"

#include "daemon/usage_error.hpp"
#include "model/scan/scan_depth.hpp"
#include "model/scan/scan_request.hpp"

#include <CLI/CLI.hpp>

namespace sonde::daemon {
namespace {

CLI::Validator depth_name() {
  auto check = [](const std::string& text) -> std::string {
    if (model::read_depth(text)) return {};
    return "\"" + text + "\" is not one of light, standard, deep";
  };
  return {check, std::string()};
}

}  // namespace

void add_scan_flags(CLI::App* scan, client::scan_options& into) {
  auto* profile = scan->add_option("--profile", into.profile,
                                   "standard (1,048 ports), full, or one of the "
                                   "configuration")
                      ->type_name("NAME");
  scan->add_option("--ports", into.ports, "ports instead of a profile, as in 22,80-90")
      ->type_name("LIST")
      ->excludes(profile);
  scan->add_option("--depth", into.depth,
                   "how much to send to an open port: light, standard or deep")
      ->check(depth_name())
      ->type_name("DEPTH");
  scan->add_flag("--fresh", into.fresh, "scan again even if a recent result exists");
  scan->add_option("--priority", into.priority,
                   "-9 to 9; scans with a higher priority run first (0)")
      ->check(whole_number(model::lowest_priority, model::highest_priority))
      ->type_name("N");
  scan->add_flag_callback(
      "--no-wait", [&into] { into.wait = false; }, "schedule, print the ids, and exit");
  add_explain_flag(scan, into.detail);
}

void add_explain_flag(CLI::App* to, client::table_detail& into) {
  to->add_flag_callback(
      "--explain", [&into] { into = client::table_detail::requests; },
      "the table also shows what was sent to each open port, and the result");
}

}  // namespace sonde::daemon
