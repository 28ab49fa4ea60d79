#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t irc_ports[] = {6667, 6697, 6660, 6661, 6662, 6663, 6664, 6665,
                                       6666, 6668, 6669, 6679, 7000, 7070, 9999};
constexpr std::size_t irc_longest_line = 1024;

/// Replies that an unregistered client may get (RFC 2812, section 5).
constexpr std::array<std::string_view, 14> irc_replies = {"001", "002", "003", "004", "020",
                                                          "351", "421", "439", "451", "461",
                                                          "462", "464", "465", "466"};

/// `:server 451 target :text` (RFC 2812, section 2.3.1), without the line's end.
struct irc_message {
  std::string_view server;
  std::string_view command;
  std::string_view parameters;
};

std::string_view irc_behind(std::string_view text) {
  return text.substr(std::min(text.find(' '), text.size() - 1) + 1);
}

bool is_irc_name(std::string_view text) {
  auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '*';
  };
  return std::ranges::all_of(text, fits);
}

irc_message read_irc_message(std::string_view line) {
  irc_message out;
  if (line.starts_with(':')) {
    out.server = line.substr(1, line.find(' ') - 1);
    if (out.server.size() + 2 > line.size()) return {};
    line.remove_prefix(out.server.size() + 2);
  }
  out.command = line.substr(0, line.find(' '));
  if (out.command.size() < line.size()) out.parameters = irc_behind(line);
  return out;
}

bool is_irc_reply(std::string_view command) {
  return std::ranges::find(irc_replies, command) != irc_replies.end();
}

bool is_irc(const irc_message& said) {
  if (said.parameters.empty()) return false;
  if (!said.server.empty()) {
    return is_irc_name(said.server) && (said.command == "NOTICE" || is_irc_reply(said.command));
  }
  if (said.command == "ERROR") return said.parameters.starts_with(':');
  return said.command == "NOTICE" &&
         (said.parameters.starts_with("AUTH :") || said.parameters.starts_with("* :"));
}

/// An unfinished first line that may still become one of the above.
bool may_be_irc(std::string_view said) {
  constexpr std::array<std::string_view, 4> starts = {
      "ERROR :", "NOTICE AUTH :", "NOTICE * :", "PING "};
  if (said.size() > irc_longest_line) return false;
  if (said.starts_with(':')) return is_irc_name(said.substr(1, said.find(' ') - 1));
  return std::ranges::any_of(
      starts, [&](auto start) { return said.starts_with(start.substr(0, said.size())); });
}

recognition irc_service(std::string_view line, const irc_message& said) {
  auto out = text_service("irc", line);
  out.masked = mask_ids(mask_times(line));
  out.complete = true;
  if (!said.server.empty()) {
    out.service.facts.push_back({"server-name", std::string(said.server)});
  }
  return out;
}

/// `351 <target> <version> <server> :…`, `004 <target> <server> <version> …`: `ngIRCd-26.1.`,
/// `ircd-hybrid-1:8.2.43+dfsg.1-1(…)`.
void note_irc_version(const irc_message& said, model::service_observation& service) {
  auto words = said.parameters;
  for (int before = said.command == "351" ? 1 : 2; before > 0 && !words.empty(); --before)
    words = irc_behind(words);
  auto word = words.substr(0, words.find(' '));
  if (word.empty()) return;
  service.facts.push_back({"version-text", std::string(word)});
  auto known = split_version(word, '-');
  if (known.version.empty()) return;
  std::string_view version = known.version;
  if (auto epoch = version.find(':'); epoch != version.npos) version.remove_prefix(epoch + 1);
  version = version.substr(0, version.find('+'));
  while (version.ends_with('.'))
    version.remove_suffix(1);
  service.product = known.product;
  service.version = version;
}

std::optional<recognition> recognise_irc(std::string_view said) {
  if (said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto message = read_irc_message(line);
  if (!is_irc(message)) return std::nullopt;
  return irc_service(line, message);
}

/// Notices may come first; a reply or an error answers the request.
class irc_talk final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return "VERSION\r\n"; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    recognition known;
    while (true) {
      auto end = response.find('\n');
      if (end == std::string_view::npos) break;
      auto line = line_of(response.substr(0, end));
      response.remove_prefix(end + 1);
      auto said = read_irc_message(line);
      bool first = known.service.name.empty();
      if (said.command == "PING" && said.server.empty()) continue;
      if (!is_irc(said)) {
        if (first) return talk_step::not_ours();
        continue;
      }
      if (first) noticed_ = known = irc_service(line, said);
      if (said.command == "NOTICE") continue;
      if (is_irc_reply(said.command)) known.service.sure = model::confidence::proven;
      if (said.command == "351" || said.command == "004") note_irc_version(said, known.service);
      return talk_step::is(std::move(known));
    }
    bool first = known.service.name.empty();
    return first && !may_be_irc(response) ? talk_step::not_ours() : talk_step::incomplete();
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return noticed_.service.name.empty() ? talk_step::not_ours() : talk_step::is(noticed_);
  }

 private:
  recognition noticed_;
};

std::unique_ptr<protocol_talk> talk_irc(const talk_context&) {
  return std::make_unique<irc_talk>();
}

/// 670 accepts (IRCv3, "tls"); any other reply refuses. Notices may come first.
talk_step read_irc_tls(std::string_view response, const talk_context&) {
  while (true) {
    auto end = response.find('\n');
    if (end == std::string_view::npos) break;
    auto said = read_irc_message(line_of(response.substr(0, end)));
    response.remove_prefix(end + 1);
    if (said.command == "NOTICE" || said.command == "PING") continue;
    auto out = talk_step::is({});
    out.start_tls = said.command == "670" && response.empty();
    return out;
  }
  return response.size() > irc_longest_line ? talk_step::not_ours() : talk_step::incomplete();
}

std::unique_ptr<protocol_talk> upgrade_irc(const talk_context& context) {
  return std::make_unique<one_exchange>("STARTTLS\r\n", read_irc_tls, context);
}

std::unique_ptr<protocol_talk> after_irc(const recognition& greeting, talk_place where) {
  bool refuses = greeting.raw.starts_with("ERROR");
  if (refuses || where == talk_place::inside_tls) return nullptr;
  return upgrade_irc({});
}

}  // namespace

constinit const protocol_module irc_module{.name = "irc",
                                           .hinted_ports = irc_ports,
                                           .recognise = recognise_irc,
                                           .after_greeting = after_irc,
                                           .talk = talk_irc,
                                           .upgrade = upgrade_irc,
                                           .inside_upgrade = talk_irc};

}  // namespace sonde::scanner::modules
