#include "client/errc.hpp"
#include "client/read_commands.hpp"
#include "client/scan_table.hpp"
#include "model/ids.hpp"
#include "model/target.hpp"

#include <algorithm>
#include <vector>

namespace sonde::client {
namespace {

using model::json;

int complain(terminal& out, const error& why) {
  out.complain(why.message());
  return exit_code_of(why);
}

int print_scan(const json& scan, terminal& out, const clock& clock) {
  out.print(out.for_people() ? scan_table(scan, out.width(), clock.now())
                             : model::to_text(scan) + "\n");
  return exit_code::done;
}

/// The newest of each profile, in the list's order: a scan of one port says nothing of the others.
std::vector<json> newest_of_each_profile(const json& list) {
  std::vector<json> out;
  for (const auto& scan : list) {
    auto is_of_it = [&](const json& one) {
      return one.value("profile", "") == scan.value("profile", "") &&
             one.value("profile_sha256", "") == scan.value("profile_sha256", "");
    };
    if (std::ranges::none_of(out, is_of_it)) out.push_back(scan);
  }
  return out;
}

int print_newest(const json& list, terminal& out, const clock& clock) {
  auto newest = newest_of_each_profile(list);
  for (const auto& scan : newest) {
    bool several = newest.size() > 1 && out.for_people();
    if (several && &scan != &newest.front()) out.print("\n");
    if (several) {
      const char* named = scan.contains("ports") ? "ports" : "profile";
      out.print(named + (' ' + scan.value(named, "")) + "\n");
    }
    print_scan(scan, out, clock);
  }
  return exit_code::done;
}

std::string cancelled_line(const json& receipt) {
  auto id = receipt.value("id", "");
  auto was = receipt.value("status", "");
  bool under_way = was == "queued" || was == "running";
  return id + (under_way ? " is cancelled\n" : " had ended: " + was + "\n");
}

}  // namespace

awaitable<int> cancel(scan_api& api, terminal& out, std::vector<std::string> scans) {
  int code = exit_code::done;
  // Also where the output cannot be written: who cancels several scans wants all of them to end.
  for (const auto& id : scans) {
    auto receipt = co_await api.cancel(id);
    if (!receipt) {
      int failed = complain(out, receipt.error());
      if (code == exit_code::done) code = failed;
      continue;
    }
    out.print(out.for_people() ? cancelled_line(*receipt) : model::to_text(*receipt) + "\n");
  }
  co_return code;
}

awaitable<int> show(scan_api& api, terminal& out, const clock& clock, std::string what) {
  if (auto task = model::read_task_id(what)) {
    auto scan = co_await api.look_up(task->str(), std::chrono::seconds(0));
    if (!scan) co_return complain(out, scan.error());
    co_return print_scan(*scan, out, clock);
  }
  if (model::is_entity_id(what)) {
    auto entity = co_await api.entity(what);
    if (!entity) co_return complain(out, entity.error());
    out.print(out.for_people() ? entity_table(*entity, out.width())
                               : model::to_text(*entity) + "\n");
    co_return exit_code::done;
  }
  auto target = model::target::parse(what);
  if (!target) {
    out.complain("\"" + what +
                 "\" is neither the id of a scan, nor that of an entity, nor a target: " +
                 target.error().message());
    co_return exit_code::usage;
  }
  auto scans = co_await api.list(target->text());
  if (!scans) co_return complain(out, scans.error());
  const auto& list = (*scans)["scans"];
  if (list.empty()) {
    out.complain(target->text() + " has not been scanned; `sonde scan " + target->text() +
                 "` does it");
    co_return exit_code::scan_failed;
  }
  co_return print_newest(list, out, clock);
}

}  // namespace sonde::client
