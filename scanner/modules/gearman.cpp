#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>

namespace sonde::scanner::modules {
namespace {

// gearmand's PROTOCOL: text commands, and binary packets that begin with a NUL.
constexpr std::uint16_t gearman_ports[] = {4730, 7003};
constexpr std::uint32_t gearman_echo_request = 16;
constexpr std::uint32_t gearman_echo_response = 17;

std::optional<recognition> recognise_gearman(std::string_view said) {
  bool ours = said.starts_with("ERR UNKNOWN_COMMAND Unknown+server+command") ||
              said.starts_with("ERR unknown_command Unknown+server+command");
  if (!ours) return std::nullopt;
  auto out = text_service("gearman", line_of(said));
  out.complete = said.find('\n') != std::string_view::npos;
  return out;
}

std::string gearman_packet(std::string_view magic, std::uint32_t type, std::uint32_t nonce) {
  return byte_writer().u8(0).text(magic).be32(type).be32(4).be32(nonce).take();
}

/// Asks for the version, then proves the protocol by an echo.
class gearman_talk final : public protocol_talk {
 public:
  explicit gearman_talk(std::uint32_t nonce)
      : request_(gearman_packet("REQ", gearman_echo_request, nonce)),
        echo_(gearman_packet("RES", gearman_echo_response, nonce)) {}

  [[nodiscard]] std::string begin() override { return "version\r\n"; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    if (known_.service.name.empty()) return versioned(response);
    if (!response.starts_with(std::string_view(echo_).substr(0, response.size()))) {
      return ended(response);
    }
    if (response.size() < echo_.size()) return talk_step::incomplete();
    known_.service.sure = model::confidence::proven;
    return talk_step::is(known_);
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return known_.service.name.empty() ? talk_step::not_ours() : talk_step::is(known_);
  }

 private:
  /// `OK 1.1.19.1`.
  talk_step versioned(std::string_view response) {
    constexpr std::string_view start = "OK ";
    constexpr std::size_t longest = 40;
    if (!response.starts_with(start.substr(0, response.size()))) return talk_step::not_ours();
    auto line = line_of(response);
    auto version = line.substr(std::min(start.size(), line.size()));
    // Distributions append a suffix: `1.1.20+ds`.
    constexpr std::string_view digits = "0123456789.";
    auto suffix = version.substr(std::min(version.find_first_not_of(digits), version.size()));
    bool odd = !suffix.empty() && suffix.front() != '+' && suffix.front() != '-';
    if (odd || line.size() > longest) return talk_step::not_ours();
    version.remove_suffix(suffix.size());
    if (response.find('\n') == std::string_view::npos) return talk_step::incomplete();
    if (!starts_with_digits(version, 1) || version.find('.') == version.npos) {
      return talk_step::not_ours();
    }
    known_ = text_service("gearman", line);
    known_.complete = true;
    known_.service.product = "Gearman";
    known_.service.version = version;
    return talk_step::send(request_);
  }

  std::string request_;
  std::string echo_;
  recognition known_;
};

std::unique_ptr<protocol_talk> talk_gearman(const talk_context& context) {
  return std::make_unique<gearman_talk>(context.nonce);
}

}  // namespace

constinit const protocol_module gearman_module{.name = "gearman",
                                               .hinted_ports = gearman_ports,
                                               .recognise = recognise_gearman,
                                               .talk = talk_gearman};

}  // namespace sonde::scanner::modules
