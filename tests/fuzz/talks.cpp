// Runs the talk of every module against any server. The first byte selects the module. The rest is
// the output of the server, one response to each request, separated by FF FE. Each response arrives
// in three pieces. To a greeting that the module knows, the talk that follows it is run as well.

#include "scanner/engine/engine_limits.hpp"
#include "scanner/modules/module.hpp"
#include "tests/fuzz/checks.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::string_view part = "\xFF\xFE";
constexpr std::size_t most_requests = 16;
constexpr std::size_t longest_request = 64 * 1024;
constexpr std::size_t longest_text = 200;
constexpr std::size_t most_facts = 32;
constexpr std::size_t longest_cpe = 600;

using kind = scanner::talk_step::kind;

const std::vector<const scanner::protocol_module*>& modules_with_talks() {
  static const auto all = [] {
    std::vector<const scanner::protocol_module*> out;
    for (const auto* module : scanner::catalogue()) {
      bool talks = module->talk != nullptr || module->after_greeting != nullptr;
      if (talks) out.push_back(module);
    }
    return out;
  }();
  return all;
}

scanner::talk_context context() {
  scanner::talk_context out;
  out.host = "test.example";
  out.host_is_name = true;
  out.port = 40'000;
  out.user_agent = "Sonde/test (+https://sonde.example)";
  out.nonce = 0x536F6E64;
  return out;
}

std::string_view take_response(std::string_view& input) {
  auto end = std::min(input.find(part), input.size());
  auto response = input.substr(0, end);
  input.remove_prefix(std::min(end + part.size(), input.size()));
  return response.substr(0, scanner::engine_limits().talk_bytes);
}

/// Feeds the talk as the engine does: all bytes since the request, each time more have arrived.
scanner::talk_step feed(scanner::protocol_talk& talk, std::string_view response) {
  auto step = scanner::talk_step::incomplete();
  for (std::size_t third = 1; third <= 3 && step.what == kind::more; ++third)
    step = talk.receive(response.substr(0, response.size() * third / 3));
  if (step.what == kind::more) step = talk.ended(response);
  return step;
}

void check_known(scanner::recognition known, std::size_t received) {
  require(!known.service.name.empty());
  require(known.raw.size() <= received);
  scanner::tidy_up(known);
  const auto& service = known.service;
  require(service.sure != model::confidence::none);
  require(service.product.size() <= longest_text && service.version.size() <= longest_text);
  require(service.cpe.size() <= longest_cpe && service.facts.size() <= most_facts);
  for (const auto& fact : service.facts)
    require(!fact.name.empty() && fact.value.size() <= longest_text);
}

/// Returns the service that the talk has recognised at its end, if any.
std::optional<scanner::recognition> run(scanner::protocol_talk& talk, std::string_view input) {
  auto step = scanner::talk_step::send(talk.begin());
  for (std::size_t sent = 0; step.what == kind::send; ++sent) {
    require(sent < most_requests);
    // Only the first request may be empty: the server speaks without one.
    require(sent == 0 || !step.request.empty());
    require(step.request.size() <= longest_request);
    step = feed(talk, take_response(input));
    require(step.what != kind::more);
  }
  if (step.what != kind::known) return std::nullopt;
  return std::move(step.known);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto& all = modules_with_talks();
  const auto& module = *all[data[0] % all.size()];
  auto rest = fuzz::text_of(data + 1, size - 1);
  auto received = rest.size();
  std::optional<scanner::recognition> greeting;
  if (module.recognise != nullptr) greeting = module.recognise(rest);
  // The services of other modules have no name.
  for (auto where : {scanner::talk_place::plain, scanner::talk_place::inside_tls}) {
    if (!greeting || module.after_greeting == nullptr) break;
    auto after = module.after_greeting(*greeting, where);
    if (after) (void)run(*after, rest);
  }
  if (module.upgrade != nullptr) {
    auto upgrade = module.upgrade(context());
    (void)run(*upgrade, rest);
  }
  if (module.inside_upgrade != nullptr) {
    auto inside = module.inside_upgrade(context());
    (void)run(*inside, rest);
  }
  if (greeting) check_known(std::move(*greeting), received);
  if (module.talk == nullptr) return 0;
  auto talk = module.talk(context());
  auto known = run(*talk, rest);
  if (known) check_known(std::move(*known), received);
  return 0;
}
