#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// TeamSpeak 3's ServerQuery manual. Lines end with LF, CR.
constexpr std::uint16_t teamspeak_ports[] = {10011, 25639};
constexpr std::string_view teamspeak_greeting = "TS3\n\r";
constexpr std::size_t teamspeak_most = 16 * 1024;

std::optional<recognition> recognise_teamspeak(std::string_view said) {
  if (!said.starts_with(teamspeak_greeting)) return std::nullopt;
  auto end = said.find("\n\r", teamspeak_greeting.size());
  auto out = text_service("teamspeak", said.substr(0, end));
  out.complete = end != std::string_view::npos;
  if (out.raw.find("TeamSpeak 3") != std::string::npos) out.service.product = "TeamSpeak";
  return out;
}

/// The first whole line that begins with `start`. Empty: there is none yet.
std::string_view teamspeak_line(std::string_view said, std::string_view start) {
  std::size_t at = 0;
  if (!said.starts_with(start)) {
    auto key = "\n\r" + std::string(start);
    at = said.find(key);
    if (at == std::string_view::npos) return {};
    at += 2;
  }
  auto end = said.find("\n\r", at);
  return end == std::string_view::npos ? std::string_view() : said.substr(at, end - at);
}

/// `version=3.13.7 build=1655727713 platform=Linux`: returns the value of one name.
std::string_view teamspeak_value(std::string_view line, std::string_view name) {
  auto at = line.find(name);
  if (at == std::string_view::npos) return {};
  auto value = line.substr(at + name.size());
  return value.substr(0, value.find(' '));
}

/// Guests may request the version. `error id=…` ends every response.
class teamspeak_talk final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return "version\n"; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    constexpr std::array<std::string_view, 3> starts = {teamspeak_greeting,
                                                        "version=", "error id="};
    bool ours = std::ranges::any_of(
        starts, [&](auto start) { return response.starts_with(start.substr(0, response.size())); });
    if (!ours || response.size() > teamspeak_most) return talk_step::not_ours();
    if (auto greeted = recognise_teamspeak(response)) known_ = std::move(*greeted);
    auto error = teamspeak_line(response, "error id=");
    if (error.empty()) return talk_step::incomplete();
    if (error.find(" msg=") == std::string_view::npos) return ended(response);
    if (known_.service.name.empty()) known_ = text_service("teamspeak", {});
    known_.service.sure = model::confidence::proven;
    known_.complete = true;
    note_version(teamspeak_line(response, "version="));
    return talk_step::is(known_);
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return known_.service.name.empty() ? talk_step::not_ours() : talk_step::is(known_);
  }

 private:
  void note_version(std::string_view line) {
    auto version = teamspeak_value(line, "version=");
    if (version.empty()) return;
    known_.service.product = "TeamSpeak";
    known_.service.version = version;
    auto build = teamspeak_value(line, " build=");
    if (!build.empty()) known_.service.facts.push_back({"build", std::string(build)});
    auto platform = teamspeak_value(line, " platform=");
    if (!platform.empty()) known_.service.facts.push_back({"platform", std::string(platform)});
  }

  recognition known_;
};

std::unique_ptr<protocol_talk> talk_teamspeak(const talk_context&) {
  return std::make_unique<teamspeak_talk>();
}

}  // namespace

constinit const protocol_module teamspeak_module{.name = "teamspeak",
                                                 .hinted_ports = teamspeak_ports,
                                                 .recognise = recognise_teamspeak,
                                                 .talk = talk_teamspeak};

}  // namespace sonde::scanner::modules
