#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <charconv>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t beanstalkd_ports[] = {11300};
constexpr std::size_t beanstalkd_most = 64 * 1024;

/// The response to each line that is not a command.
std::optional<recognition> recognise_beanstalkd(std::string_view said) {
  if (!said.starts_with("UNKNOWN_COMMAND\r\n")) return std::nullopt;
  auto out = text_service("beanstalkd", line_of(said));
  out.service.sure = model::confidence::likely;
  out.complete = true;
  return out;
}

/// `version: "1.12"`: the value of a line, without quotes; old servers write none.
std::string_view beanstalkd_value(std::string_view stats, std::string_view name) {
  auto key = '\n' + std::string(name) + ": ";
  auto at = stats.find(key);
  if (at == std::string_view::npos) return {};
  auto value = line_of(stats.substr(at + key.size()));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

/// `OK <bytes>`, then that number of bytes of YAML (beanstalkd's protocol.txt, "stats").
talk_step read_beanstalkd(std::string_view response, const talk_context&) {
  constexpr std::string_view start = "OK ";
  constexpr std::string_view begin = "---\ncurrent-jobs-urgent: ";
  if (!response.starts_with(start.substr(0, response.size()))) return talk_step::not_ours();
  if (response.size() <= start.size()) return talk_step::incomplete();
  auto count = response.substr(start.size());
  auto digits = count.find_first_not_of("0123456789");
  if (digits == std::string_view::npos && count.size() <= 5) return talk_step::incomplete();
  std::size_t size = 0;
  auto read = std::from_chars(count.data(), count.data() + count.size(), size);
  if (read.ec != std::errc() || size > beanstalkd_most) return talk_step::not_ours();
  auto body = count.substr(static_cast<std::size_t>(read.ptr - count.data()));
  constexpr std::string_view line_end = "\r\n";
  if (!body.starts_with(line_end.substr(0, body.size()))) return talk_step::not_ours();
  if (body.size() < line_end.size()) return talk_step::incomplete();
  body.remove_prefix(line_end.size());
  if (!body.starts_with(begin.substr(0, body.size()))) return talk_step::not_ours();
  if (body.size() < size + line_end.size()) return talk_step::incomplete();
  body = body.substr(0, size);
  auto known = proven_service("beanstalkd");
  known.service.version = beanstalkd_value(body, "version");
  if (!known.service.version.empty()) known.service.product = "beanstalkd";
  for (std::string_view name : {"hostname", "os", "platform"}) {
    auto value = beanstalkd_value(body, name);
    if (!value.empty()) known.service.facts.push_back({std::string(name), std::string(value)});
  }
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_beanstalkd(const talk_context& context) {
  return std::make_unique<one_exchange>("stats\r\n", read_beanstalkd, context);
}

}  // namespace

constinit const protocol_module beanstalkd_module{.name = "beanstalkd",
                                                  .hinted_ports = beanstalkd_ports,
                                                  .recognise = recognise_beanstalkd,
                                                  .talk = talk_beanstalkd};

}  // namespace sonde::scanner::modules
