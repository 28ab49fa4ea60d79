#include "daemon/audit_flags.hpp"

#include "daemon/tail_flags.hpp"
#include "daemon/usage_error.hpp"

namespace sonde::daemon {
namespace {

constexpr std::uint32_t most_listed = 1'000'000;

}  // namespace

void add_audit_flags(CLI::App* audit, client::audit_query& into, wall_time now) {
  audit->add_option("--user", into.user, "requests of this user")->type_name("ID");
  audit->add_option("--key", into.key, "requests with this key")->type_name("ID");
  audit->add_option("--target", into.target, "scans of this target")->type_name("TARGET");
  audit->add_option("--action", into.action, "scan.request, scan.cancel, key.revoke ...")
      ->type_name("ACTION");
  add_time_flag(audit, "--since", into.since, now,
                "from this time on: in UTC, as in 2026-11-22T06:29:41Z, or an age, as in 10m, 2h, "
                "1d");
  add_time_flag(audit, "--until", into.until, now, "up to this time");
  audit->add_flag("--refused", into.refused, "refused requests only");
  audit->add_option("--last", into.last, "list the N newest entries (1000)")
      ->check(whole_number(1, most_listed))
      ->type_name("N");
}

}  // namespace sonde::daemon
