#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// WebLogic's T3. It has no public specification: lines of `name:value` up to an empty one.
constexpr std::uint16_t t3_ports[] = {7001, 7002};
constexpr std::string_view t3_request = "t3 12.2.1\nAS:255\nHL:19\n\n";
constexpr std::string_view t3_start = "HELO:";
constexpr std::size_t t3_most = 4096;

/// `HELO:12.2.1.4.0.false`, then `AS:2048` and others.
talk_step read_t3(std::string_view response, const talk_context&) {
  if (!response.starts_with(t3_start.substr(0, response.size()))) return talk_step::not_ours();
  auto end = response.find("\n\n");
  if (end == std::string_view::npos) {
    return response.size() < t3_most ? talk_step::incomplete() : talk_step::not_ours();
  }
  auto answer = response.substr(0, end);
  auto line = line_of(answer);
  auto version = line.substr(t3_start.size());
  version = version.substr(0, version.find_first_not_of("0123456789."));
  // A dot stands between the version and `true` or `false`.
  if (!starts_with_digits(version, 1) || !version.ends_with('.')) return talk_step::not_ours();
  if (answer.find("\nAS:") == std::string_view::npos) return talk_step::not_ours();
  version.remove_suffix(1);
  auto known = text_service("t3", answer);
  known.service.sure = model::confidence::proven;
  known.service.product = "WebLogic";
  known.service.version = version;
  known.complete = true;
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_t3(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(t3_request), read_t3, context);
}

}  // namespace

constinit const protocol_module t3_module{.name = "t3", .hinted_ports = t3_ports, .talk = talk_t3};

}  // namespace sonde::scanner::modules
