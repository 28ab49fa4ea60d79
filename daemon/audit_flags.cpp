#include "daemon/audit_flags.hpp"

#include "daemon/tail_flags.hpp"
#include "daemon/usage_error.hpp"
#include "model/text/json.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::daemon {
namespace {

constexpr std::uint32_t most_listed = 1'000'000;

/// Refuses an unknown action: a misspelt one would silently match no entry.
std::string check_action(const std::string& action) {
  auto actions = client::audit_actions();
  if (std::ranges::find(actions, std::string_view(action)) != actions.end()) return {};
  std::string all;
  for (auto each : actions)
    all += (all.empty() ? "" : ", ") + std::string(each);
  std::vector<std::string_view> known(actions.begin(), actions.end());
  auto meant = model::nearest_word(action, known);
  auto mend = meant.empty() ? std::string() : "; did you mean \"" + std::string(meant) + "\"?";
  return "\"" + action + "\" is not an action; write one of " + all + mend;
}

}  // namespace

void add_audit_flags(CLI::App* audit, client::audit_query& into, wall_time now) {
  audit->add_option("--user", into.user, "requests of this user")->type_name("ID");
  audit->add_option("--key", into.key, "requests with this key")->type_name("ID");
  audit->add_option("--target", into.target, "scans of this target")->type_name("TARGET");
  audit->add_option("--action", into.action, "scan.request, scan.cancel, key.revoke ...")
      ->check(CLI::Validator(check_action, std::string()))
      ->type_name("ACTION");
  add_time_flag(audit, "--since", into.since, now,
                "from this time on, as in 2026-11-22T06:29:41Z, 2026-11-22 or 10m (ago)");
  add_time_flag(audit, "--until", into.until, now, "before this time");
  audit->add_flag("--refused", into.refused, "refused requests only");
  audit->add_option("--last", into.last, "list the N newest entries (1000)")
      ->check(whole_number(1, most_listed))
      ->type_name("N");
}

}  // namespace sonde::daemon
