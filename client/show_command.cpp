#include "client/errc.hpp"
#include "client/read_commands.hpp"
#include "client/refusal_words.hpp"
#include "client/scan_table.hpp"
#include "model/ids.hpp"
#include "model/net/ip_address.hpp"
#include "model/net/target.hpp"
#include "model/scan/observation.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sonde::client {
namespace {

using model::json;

int complain(terminal& out, const error& why) {
  out.complain(why.message());
  return exit_code_of(why);
}

int print_scan(const json& scan, terminal& out, const clock& clock, table_detail detail) {
  out.print(out.for_people() ? scan_table(scan, out.width(), clock.now(), detail)
                             : model::to_text(scan) + "\n");
  return exit_code::done;
}

/// Returns the newest scan of each profile, in the order of the list. A scan of one port says
/// nothing about the other ports.
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

int print_newest(const json& list, terminal& out, const clock& clock, table_detail detail) {
  auto newest = newest_of_each_profile(list);
  for (const auto& scan : newest) {
    bool several = newest.size() > 1 && out.for_people();
    if (several && &scan != &newest.front()) out.print("\n");
    if (several) {
      const char* named = scan.contains("ports") ? "ports" : "profile";
      out.print(named + (' ' + scan.value(named, "")) + "\n");
    }
    print_scan(scan, out, clock, detail);
  }
  return exit_code::done;
}

/// Returns the value of a service: `203.0.113.1:443/tcp`, `[2001:db8::1]:443/tcp`. The text may
/// omit `/tcp`. No value for any other text.
std::optional<std::string> read_endpoint(std::string_view text) {
  constexpr std::string_view transport = "/tcp";
  if (text.ends_with(transport)) text.remove_suffix(transport.size());
  auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  auto host = text.substr(0, colon);
  bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto address = model::ip_address::parse(host);
  bool has_colon = host.find(':') != host.npos;
  if (!address || bracketed != has_colon) return std::nullopt;
  auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto* end = digits.data() + digits.size();
  auto read = std::from_chars(digits.data(), end, port);
  if (read.ec != std::errc() || read.ptr != end || port == 0) return std::nullopt;
  return model::endpoint_text(*address, port);
}

/// Prints an entity. `what` is the name that the user gave.
awaitable<int> show_entity(scan_api& api, terminal& out, std::string id, std::string what) {
  auto entity = co_await api.entity(std::move(id));
  if (!entity) co_return complain(out, with_name(entity.error(), what));
  out.print(out.for_people() ? entity_table(*entity, out.width()) : model::to_text(*entity) + "\n");
  co_return exit_code::done;
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
  // Continues even if the output cannot be written: the user wants all scans to end.
  for (const auto& id : scans) {
    auto receipt = co_await api.cancel(id);
    if (!receipt) {
      int failed = complain(out, with_scan(receipt.error(), id));
      if (code == exit_code::done) code = failed;
      continue;
    }
    out.print(out.for_people() ? cancelled_line(*receipt) : model::to_text(*receipt) + "\n");
  }
  co_return code;
}

awaitable<int> show(scan_api& api, terminal& out, const clock& clock, std::string what,
                    table_detail detail) {
  if (auto task = model::read_task_id(what)) {
    auto scan = co_await api.look_up(task->str(), std::chrono::seconds(0));
    if (!scan) co_return complain(out, with_scan(scan.error(), task->str()));
    co_return print_scan(*scan, out, clock, detail);
  }
  if (model::is_entity_id(what)) {
    auto name = "entity " + what;
    co_return co_await show_entity(api, out, std::move(what), std::move(name));
  }
  if (auto endpoint = read_endpoint(what)) {
    auto id = model::entity_id_of("service", *endpoint).str();
    auto name = "service " + *endpoint;
    co_return co_await show_entity(api, out, std::move(id), std::move(name));
  }
  auto target = model::target::parse(what);
  if (!target) {
    out.complain(
        "\"" + what +
        "\" is not a scan id, an entity id, an endpoint (as in 192.0.2.1:443/tcp) or a target: " +
        without_request_fields(target.error().message()));
    co_return exit_code::usage;
  }
  auto scans = co_await api.list(target->text());
  if (!scans) co_return complain(out, scans.error());
  const auto& list = (*scans)["scans"];
  if (list.empty()) {
    out.complain(target->text() +
                 " has not been scanned, or its scans are not visible to this key; `sonde scan " +
                 target->text() + "` scans it");
    co_return exit_code::scan_failed;
  }
  co_return print_newest(list, out, clock, detail);
}

}  // namespace sonde::client
