#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// ZooKeeper's administrator's guide, "The Four Letter Words". The server closes after its answer.
constexpr std::uint16_t zookeeper_ports[] = {2181, 2182, 2281};
constexpr std::size_t zookeeper_most = 64 * 1024;
constexpr std::string_view zookeeper_version = "Zookeeper version: ";

/// Refusals; each names the product or repeats the command.
constexpr std::array<std::string_view, 2> zookeeper_refusals = {
    "srvr is not executed because it is not in the whitelist.",
    "This ZooKeeper instance is not currently serving requests"};

/// `Mode: standalone`: the value of a line that is whole. Empty: there is none.
std::string_view zookeeper_value(std::string_view said, std::string_view name) {
  auto key = '\n' + std::string(name) + ": ";
  auto at = said.find(key);
  if (at == std::string_view::npos) return {};
  auto rest = said.substr(at + key.size());
  auto end = rest.find('\n');
  return end == std::string_view::npos ? std::string_view() : line_of(rest);
}

bool may_be_zookeeper(std::string_view said) {
  auto begins = [&](std::string_view start) {
    return said.starts_with(start.substr(0, said.size()));
  };
  return said.size() <= zookeeper_most &&
         (begins(zookeeper_version) || std::ranges::any_of(zookeeper_refusals, begins));
}

/// Returns null if the first line is incomplete.
std::optional<recognition> zookeeper_service(std::string_view said) {
  auto line = line_of(said);
  for (auto refusal : zookeeper_refusals) {
    if (!line.starts_with(refusal)) continue;
    auto refused = text_service("zookeeper", line);
    refused.complete = true;
    return refused;
  }
  if (!line.starts_with(zookeeper_version) || line.size() == said.size()) return std::nullopt;
  auto out = text_service("zookeeper", line);
  out.service.sure = model::confidence::proven;
  out.complete = true;
  out.service.product = "ZooKeeper";
  // A dash, then the build's commit: `3.8.0-5a02a05e…, built on …`.
  auto version = line.substr(zookeeper_version.size());
  out.service.version = version.substr(0, version.find_first_of("-, "));
  auto mode = zookeeper_value(said, "Mode");
  if (!mode.empty()) out.service.facts.push_back({"mode", std::string(mode)});
  return out;
}

class zookeeper_talk final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return "srvr"; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    if (!may_be_zookeeper(response)) return talk_step::not_ours();
    auto known = zookeeper_service(response);
    bool whole = response.ends_with('\n');
    if (known && !known->service.version.empty()) {
      whole = !zookeeper_value(response, "Node count").empty();
    }
    return known && whole ? talk_step::is(std::move(*known)) : talk_step::incomplete();
  }

  [[nodiscard]] talk_step ended(std::string_view response) override {
    if (!may_be_zookeeper(response)) return talk_step::not_ours();
    auto known = zookeeper_service(response);
    return known ? talk_step::is(std::move(*known)) : talk_step::not_ours();
  }
};

std::unique_ptr<protocol_talk> talk_zookeeper(const talk_context&) {
  return std::make_unique<zookeeper_talk>();
}

}  // namespace

constinit const protocol_module zookeeper_module{
    .name = "zookeeper", .hinted_ports = zookeeper_ports, .talk = talk_zookeeper};

}  // namespace sonde::scanner::modules
