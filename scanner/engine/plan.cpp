#include "scanner/engine/plan.hpp"

#include "scanner/engine/port_manners.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

/// TLS from the first byte by convention (IANA's registry of service names and ports).
constexpr std::array<std::uint16_t, 24> tls_ports = {
    443, 465,  563,  585,  614,  636,  853,  989,  990,  992,  993,  994,
    995, 2083, 2376, 3269, 5061, 5223, 5671, 5986, 6443, 6697, 8443, 8883};
/// Their servers greet, and some delay the greeting on purpose: FTP, SSH, SMTP, POP3, NNTP, IMAP.
constexpr std::array<std::uint16_t, 11> late_greeters = {21,  22,   25,   110,  119, 143,
                                                         587, 2022, 2121, 2222, 2525};

constexpr milliseconds shortest_greeting{150};
constexpr milliseconds longest_greeting{1'500};
constexpr int greeting_round_trips = 4;
constexpr milliseconds hinted_patience{600};
constexpr milliseconds plain_patience{400};
constexpr milliseconds anywhere_patience{250};
constexpr int answer_round_trips = 20;
constexpr milliseconds mute_time{1'900};
constexpr int mute_round_trips = 60;

bool contains(std::span<const std::uint16_t> ports, std::uint16_t port) {
  return std::ranges::find(ports, port) != ports.end();
}

bool is_http(const protocol_module& module) {
  return &module == &modules::http_module;
}

plan_step talk_step_of(const protocol_module& module, bool hinted) {
  return {plan_step::kind::talk, &module, hinted, false};
}

/// Adds the modules that are tried on every port, in pairs.
void add_asked_anywhere(std::vector<plan_step>& plan,
                        std::span<const protocol_module* const> not_these) {
  bool first = true;
  for (const auto* module : catalogue()) {
    bool planned = std::ranges::find(not_these, module) != not_these.end();
    if (!module->asked_anywhere || planned) continue;
    auto step = talk_step_of(*module, false);
    step.with_next = first;
    first = !first;
    plan.push_back(step);
  }
  if (!plan.empty()) plan.back().with_next = false;
}

/// Adds the harmless modules that are not planned yet.
void add_the_rest(std::vector<plan_step>& plan) {
  for (const auto* module : catalogue()) {
    bool planned = std::ranges::find(plan, module, &plan_step::module) != plan.end();
    bool harmless = module->talk != nullptr && module->risk == request_risk::harmless;
    if (harmless && !planned) plan.push_back(talk_step_of(*module, false));
  }
}

}  // namespace

depth depth_named(std::string_view name) {
  return model::read_depth(name).value_or(depth::standard);
}

std::uint32_t most_connections(depth how, std::uint32_t standard) {
  switch (how) {
    case depth::light: return std::max(3U, standard / 2);
    case depth::standard: return standard;
    case depth::deep: return standard * 2;
  }
  return standard;
}

std::vector<plan_step> plan_for(std::uint16_t port, depth how) {
  std::vector<plan_step> out;
  auto hints = hinted_modules(port);
  bool industrial = manners_of(port) == port_manners::industrial;
  std::erase_if(hints, [industrial](auto* module) {
    return (module->risk == request_risk::industrial) != industrial;
  });
  if (industrial) {
    for (const auto* module : hints)
      out.push_back(talk_step_of(*module, true));
    return out;
  }
  bool web = std::ranges::any_of(hints, [](auto* module) { return is_http(*module); });
  bool secure = contains(tls_ports, port);
  std::erase_if(hints, [](auto* module) { return is_http(*module); });
  plan_step tls{plan_step::kind::tls, nullptr, secure, false};
  plan_step tls12{plan_step::kind::tls12, nullptr, secure, false};
  if (secure) out.insert(out.end(), {tls, tls12});
  if (how != depth::light && !secure) {
    for (const auto* module : hints)
      out.push_back(talk_step_of(*module, true));
  }
  auto http = talk_step_of(modules::http_module, web && !secure);
  if (web && !secure) out.push_back(http);
  if (!secure) out.push_back(tls);
  if (!web || secure) out.push_back(http);
  if (how != depth::light) {
    if (secure) hints.clear();
    add_asked_anywhere(out, hints);
  }
  if (how == depth::deep) add_the_rest(out);
  if (!secure) out.push_back(tls12);
  return out;
}

std::vector<plan_step> plan_inside_tls(std::uint16_t port, depth how, std::string_view alpn) {
  if (alpn == "h2") return {talk_step_of(modules::h2c_module, true)};
  std::vector<plan_step> out;
  if (how != depth::light) {
    for (const auto* module : hinted_modules(port)) {
      bool harmless = module->risk == request_risk::harmless;
      if (harmless && !is_http(*module)) out.push_back(talk_step_of(*module, true));
    }
  }
  out.push_back(talk_step_of(modules::http_module, true));
  return out;
}

milliseconds greeting_patience(std::chrono::microseconds rtt) {
  auto patience = std::chrono::ceil<milliseconds>(rtt * greeting_round_trips);
  return std::clamp(patience, shortest_greeting, longest_greeting);
}

milliseconds patience_for(const plan_step& step, std::chrono::microseconds rtt) {
  bool anywhere = step.module != nullptr && step.module->asked_anywhere;
  auto least = step.hinted ? hinted_patience : anywhere ? anywhere_patience : plain_patience;
  return std::max(least, std::chrono::ceil<milliseconds>(rtt * answer_round_trips));
}

bool serves_one_client(std::uint16_t port) {
  return std::ranges::any_of(catalogue(), [port](const auto* module) {
    return module->one_client && contains(module->hinted_ports, port);
  });
}

bool greets_late(std::uint16_t port) {
  return contains(late_greeters, port);
}

milliseconds mute_limit(std::chrono::microseconds rtt) {
  return std::max(mute_time, std::chrono::ceil<milliseconds>(rtt * mute_round_trips));
}

milliseconds longest_silence(std::uint16_t port, std::chrono::microseconds rtt,
                             milliseconds greeting_timeout) {
  if (greets_late(port)) return greeting_timeout;
  return std::min(mute_limit(rtt), greeting_timeout);
}

}  // namespace sonde::scanner
