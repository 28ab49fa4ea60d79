#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// Munin's network protocol ("Data exchange between master and node").
constexpr std::uint16_t munin_ports[] = {4949};
constexpr std::string_view munin_greeting = "# munin node at ";
constexpr std::string_view munin_version = "munins node on ";

std::optional<recognition> recognise_munin(std::string_view said) {
  if (!said.starts_with(munin_greeting)) return std::nullopt;
  if (said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto out = text_service("munin", line);
  out.complete = true;
  auto host = line.substr(munin_greeting.size());
  if (!host.empty()) out.service.facts.push_back({"hostname", std::string(host)});
  return out;
}

/// `munins node on <host> version: 2.0.67`. Other makers' nodes add their name.
void note_munin_version(std::string_view line, model::service_observation& service) {
  constexpr std::string_view before = " version: ";
  auto at = line.find(before);
  if (at == std::string_view::npos) return;
  auto version = line.substr(at + before.size());
  bool plain = starts_with_digits(version, 1) && version.find(' ') == std::string_view::npos;
  if (version.ends_with(" (munin-lite)")) {
    service.product = "munin-lite";
    service.version = version.substr(0, version.find(' '));
  } else if (plain) {
    service.product = "Munin";
    service.version = version.substr(0, version.find_first_of("-+"));
  } else {
    service.product = version;
  }
}

/// The greeting comes before the response, unless it was read already.
class munin_talk final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return "version\n"; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    if (munin_greeting.starts_with(response.substr(0, munin_greeting.size()))) {
      auto end = response.find('\n');
      if (end == std::string_view::npos) return talk_step::incomplete();
      auto greeted = recognise_munin(response);
      if (!greeted) return talk_step::not_ours();
      known_ = std::move(*greeted);
      response.remove_prefix(end + 1);
    }
    bool ours = response.starts_with(munin_version.substr(0, response.size()));
    if (!ours) return ended(response);
    if (response.find('\n') == std::string_view::npos) return talk_step::incomplete();
    if (known_.service.name.empty()) known_ = text_service("munin", {});
    known_.service.sure = model::confidence::proven;
    known_.complete = true;
    note_munin_version(line_of(response), known_.service);
    return talk_step::is(known_);
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return known_.service.name.empty() ? talk_step::not_ours() : talk_step::is(known_);
  }

 private:
  recognition known_;
};

std::unique_ptr<protocol_talk> talk_munin(const talk_context&) {
  return std::make_unique<munin_talk>();
}

std::unique_ptr<protocol_talk> after_munin(const recognition&, talk_place) {
  return std::make_unique<munin_talk>();
}

}  // namespace

constinit const protocol_module munin_module{.name = "munin",
                                             .hinted_ports = munin_ports,
                                             .recognise = recognise_munin,
                                             .after_greeting = after_munin,
                                             .talk = talk_munin};

}  // namespace sonde::scanner::modules
