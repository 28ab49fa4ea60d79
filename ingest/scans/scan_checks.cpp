#include "ingest/scans/scan_checks.hpp"

#include "ingest/errc.hpp"

namespace sonde::ingest {

error no_scan_id(const std::string& id) {
  return fail(errc::not_found, "\"" + id.substr(0, 64) + "\" is not a scan id");
}

result<> check_found(const std::optional<views::found_task>& found) {
  if (!found) return fail(errc::not_found, "there is no scan with this id");
  if (found->generation) return {};
  return fail(errc::gone, "the scan with this id has expired; the newest scan of its target is " +
                              found->task.current.id.str());
}

result<> check_room(const views::queued_counts& queued, const order_limits& limits) {
  if (queued.of_tenant >= limits.queued_per_tenant) {
    return fail(errc::too_many,
                std::to_string(queued.of_tenant) +
                    " of your scans are queued, which is the limit; wait until some have ended");
  }
  if (queued.total >= limits.queued_total) {
    return fail(errc::unavailable, "this server's queue is full; try again later");
  }
  return {};
}

}  // namespace sonde::ingest
