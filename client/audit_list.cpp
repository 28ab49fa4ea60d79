#include "client/audit_list.hpp"

#include "admin/topic_reads.hpp"
#include "client/columns.hpp"
#include "client/errc.hpp"
#include "model/events.hpp"
#include "model/scan/scan_request.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sonde::client {
namespace {

/// Actions that docs/reference/events.md lists. Routes and the control socket use them.
constexpr std::string_view all_actions[] = {
    "association.submit", "comment.submit", "entity.submit",     "key.create",
    "key.revoke",         "scan.cancel",    "scan.request",      "scan.request.bulk",
    "topic.redrive",      "webhook.secret", "well-known.submit",
};

/// Longest reason and longest other text in the table, in bytes.
constexpr std::size_t longest_reason = 60;
constexpr std::size_t longest_cell = 512;

/// Keeps the newest entries that match, and counts the older and the unreadable ones.
class newest_entries {
 public:
  explicit newest_entries(audit_query query) : query_(std::move(query)) {}

  void take(const queue::stored_record& one) {
    auto entry = model::parse_audit_entry(one.what.value);
    if (!entry) {
      ++unreadable_;
      return;
    }
    // Runs before the other filters: otherwise `--action` or `--since` could make the scan appear
    // as a bulk request.
    bool of_target = entry->action == "scan.request" && entry->target == query_.target;
    if (of_target) requested_.insert(scan_and_user(*entry));
    if (!matches(query_, *entry)) return;
    keep(std::move(*entry));
  }
  /// Adds a scan of the target that a bulk request scheduled. The audit entry of a bulk request
  /// does not list its targets; `scan.requests` does. Call it after all audit entries are taken.
  void take_request(const queue::stored_record& one) {
    auto request = model::parse_scan_request(one.what.value);
    if (!request || request->kind != model::request_kind::schedule) return;
    // The request is older than the audit trail.
    if (request->by.empty()) return;
    model::audit_entry entry;
    entry.time = request->requested;
    entry.user = request->by;
    entry.action = "scan.request.bulk";
    entry.object = request->id().str();
    entry.target = request->target.text();
    entry.status = 202;
    if (!matches(query_, entry) || requested_.contains(scan_and_user(entry))) return;
    keep(std::move(entry));
  }
  /// Returns the entries, oldest first.
  [[nodiscard]] const std::vector<model::audit_entry>& all() {
    put_in_order();
    return entries_;
  }
  [[nodiscard]] std::size_t older() const { return older_; }
  [[nodiscard]] std::size_t unreadable() const { return unreadable_; }

 private:
  static std::string scan_and_user(const model::audit_entry& entry) {
    return entry.object + " " + entry.user;
  }

  void keep(model::audit_entry entry) {
    entries_.push_back(std::move(entry));
    if (entries_.size() >= std::size_t{2} * query_.last) put_in_order();
  }

  /// Sorts by time: each partition is in order, the whole topic is not.
  void put_in_order() {
    std::ranges::stable_sort(entries_, {}, &model::audit_entry::time);
    if (entries_.size() <= query_.last) return;
    auto excess = entries_.size() - query_.last;
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(excess));
    older_ += excess;
  }

  audit_query query_;
  std::vector<model::audit_entry> entries_;
  std::unordered_set<std::string> requested_;  ///< scans with their own entry, by user
  std::size_t older_ = 0;
  std::size_t unreadable_ = 0;
};

std::string table_of(const std::vector<model::audit_entry>& entries) {
  std::vector<std::vector<std::string>> rows = {
      {"TIME", "USER", "KEY", "CLIENT", "ACTION", "TARGET", "OBJECT", "STATUS", "REASON"}};
  for (const auto& each : entries) {
    auto cell = [](const std::string& text) { return cell_of(text, longest_cell); };
    rows.push_back({to_rfc3339(each.time), cell(each.user), cell(each.key), each.client,
                    each.action, cell(each.target), cell(each.object), std::to_string(each.status),
                    cell_of(each.reason, longest_reason)});
  }
  return in_columns(rows);
}

}  // namespace

std::span<const std::string_view> audit_actions() {
  return all_actions;
}

bool matches(const audit_query& query, const model::audit_entry& entry) {
  auto is = [](const std::string& wanted, const std::string& has) {
    return wanted.empty() || wanted == has;
  };
  if (query.since && entry.time < *query.since) return false;
  if (query.until && entry.time >= *query.until) return false;
  if (query.refused && entry.accepted()) return false;
  return is(query.key, entry.key) && is(query.user, entry.user) && is(query.target, entry.target) &&
         is(query.action, entry.action);
}

awaitable<int> list_audit(queue::backend& queue, terminal& out, audit_query query) {
  bool of_target = !query.target.empty();
  newest_entries found(std::move(query));
  auto take = [&found](const queue::stored_record& one) { found.take(one); };
  std::string topic = model::topics::audit;
  auto all = co_await admin::read_all(queue, std::move(topic), take);
  if (all && of_target) {
    auto take_request = [&found](const queue::stored_record& one) { found.take_request(one); };
    std::string requests = model::topics::scan_requests;
    all = co_await admin::read_all(queue, std::move(requests), take_request);
  }
  if (!all) {
    out.complain(all.error().message());
    co_return exit_code::data_folder;
  }
  const auto& entries = found.all();
  if (out.for_people()) {
    if (!entries.empty()) out.print(table_of(entries));
  } else {
    std::string lines;
    for (const auto& each : entries)
      lines += model::to_json_text(each) + "\n";
    out.print(lines);
  }
  if (entries.empty()) out.say("no audit entry matches");
  if (found.older() > 0) {
    out.say(std::to_string(found.older()) + " older entries are not shown; --last N shows more");
  }
  if (found.unreadable() > 0) {
    out.say(std::to_string(found.unreadable()) +
            " audit entries are in a format that this version cannot read");
  }
  co_return exit_code::done;
}

}  // namespace sonde::client
