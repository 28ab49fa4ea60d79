#include "ingest/facts/port_verdicts.hpp"

#include "model/scan/observation.hpp"

#include <algorithm>
#include <charconv>

namespace sonde::ingest {
namespace {

constexpr std::size_t most_targets = 8;

bool is_target(const views::entity_summary& what) {
  return what.type == "ip" || what.type == "hostname";
}

bool names_port(const views::entity_summary& what) {
  return what.type == "service" || what.type == "port";
}

void add(std::vector<model::target>& to, const views::entity_summary& what) {
  if (!is_target(what) || to.size() >= most_targets) return;
  auto target = model::target::parse(what.value);
  if (target && std::ranges::find(to, *target) == to.end()) to.push_back(std::move(*target));
}

}  // namespace

void port_verdicts::take_in(const model::scan_task& task) {
  if (!model::is_terminal(task.current.state) || !task.current.ended) return;
  for (const auto& row : task.results)
    take_in(row.endpoint, {true, *task.current.ended});
  for (const auto& past : task.past) {
    if (past.closed) take_in(past.endpoint, {false, *task.current.ended});
  }
}

void port_verdicts::take_in(const std::string& endpoint, const verdict& said) {
  auto& held = by_endpoint_.emplace(endpoint, said).first->second;
  if (said.scanned > held.scanned) held = said;
}

std::optional<port_verdicts::verdict> port_verdicts::of_service(
    const views::entity_summary& service) const {
  return find(service.value, service.last_seen);
}

std::optional<port_verdicts::verdict> port_verdicts::of_port(std::string_view address,
                                                             std::string_view port,
                                                             wall_time last_seen) const {
  auto host = model::ip_address::parse(address);
  std::uint16_t number = 0;
  auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  if (!host || read.ec != std::errc()) return std::nullopt;
  return find(model::endpoint_text(*host, number), last_seen);
}

std::optional<port_verdicts::verdict> port_verdicts::find(const std::string& endpoint,
                                                          wall_time last_seen) const {
  auto known = by_endpoint_.find(endpoint);
  if (known == by_endpoint_.end()) return std::nullopt;
  auto out = known->second;
  // Another scan saw it open: one that has not ended, or that this reader may not see.
  if (!out.open && last_seen > out.scanned) out = {true, last_seen};
  return out;
}

std::vector<model::target> scanned_targets(const views::entity_details& entity) {
  std::vector<model::target> out;
  const auto& what = entity.facts.what;
  if (is_target(what)) {
    bool has_ports = std::ranges::any_of(
        entity.related, [](const views::related_entity& one) { return names_port(one.what); });
    if (has_ports) add(out, what);
  } else if (what.type == "service") {
    for (const auto& one : entity.related)
      add(out, one.what);
  }
  return out;
}

std::vector<model::target> scanned_targets(const views::entity_graph& graph) {
  std::vector<model::target> out;
  bool has_ports = std::ranges::any_of(
      graph.nodes, [](const views::entity_facts& node) { return names_port(node.what); });
  if (!has_ports) return out;
  for (const auto& node : graph.nodes)
    add(out, node.what);
  return out;
}

}  // namespace sonde::ingest
