#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// Niagara's Fox has no public specification; this is what its stations send. A hello is no login.
constexpr std::uint16_t fox_ports[] = {1911, 4911};
constexpr std::string_view fox_hello = "fox a 0 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n";
constexpr std::string_view fox_start = "fox a ";
constexpr std::string_view fox_answer = " -1 fox hello";
constexpr std::string_view fox_end = "\n};;\n";
constexpr std::size_t fox_longest_line = 80;

struct fox_field {
  std::string_view key;  ///< with the type of its value
  std::string_view fact;
};
constexpr std::array<fox_field, 7> fox_fields = {{
    {"fox.version=s:", "protocol-version"},
    {"hostName=s:", "host-name"},
    {"hostAddress=s:", "host-address"},
    {"app.name=s:", "application"},
    {"station.name=s:", "station"},
    {"os.name=s:", "operating-system"},
    {"brandId=s:", "brand"},
}};

/// The value of a line; empty where there is none.
std::string_view fox_value(std::string_view body, std::string_view key) {
  auto at = body.find("\n" + std::string(key));
  if (at == std::string_view::npos) return {};
  return line_of(body.substr(at + 1 + key.size()));
}

/// `fox a 0 -1 fox hello`; the first number counts messages.
bool is_fox_answer(std::string_view line) {
  if (!line.starts_with(fox_start) || !line.ends_with(fox_answer)) return false;
  if (line.size() <= fox_start.size() + fox_answer.size()) return false;
  line.remove_prefix(fox_start.size());
  line.remove_suffix(fox_answer.size());
  return std::ranges::all_of(line, [](char c) { return c >= '0' && c <= '9'; });
}

talk_step read_fox(std::string_view response, const talk_context&) {
  if (!fox_start.starts_with(response.substr(0, fox_start.size()))) return talk_step::not_ours();
  auto line = line_of(response);
  if (line.size() > fox_longest_line) return talk_step::not_ours();
  if (line.size() == response.size()) return talk_step::incomplete();
  if (!is_fox_answer(line)) return talk_step::not_ours();
  auto end = response.find(fox_end);
  if (end == std::string_view::npos) return talk_step::incomplete();
  auto body = response.substr(line.size(), end - line.size());
  auto known = proven_service("fox");
  auto& service = known.service;
  for (const auto& field : fox_fields) {
    auto value = fox_value(body, field.key);
    if (!value.empty()) service.facts.push_back({std::string(field.fact), std::string(value)});
  }
  service.version = fox_value(body, "app.version=s:");
  if (!service.version.empty()) service.product = "Niagara";
  // A server that repeats what it is sent repeats a version of Fox, and no more.
  bool stated = !service.version.empty() || service.facts.size() > 1;
  return stated ? talk_step::is(std::move(known)) : talk_step::not_ours();
}

std::unique_ptr<protocol_talk> talk_fox(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(fox_hello), read_fox, context);
}

}  // namespace

constinit const protocol_module fox_module{
    .name = "fox", .hinted_ports = fox_ports, .talk = talk_fox, .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
