#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <algorithm>

namespace sonde::scanner::modules {
namespace {

// Erlang's Port Mapper Daemon: NAMES_REQ (Erlang Distribution Protocol, "Get All Registered
// Names"). The server closes after its answer.
constexpr std::uint16_t epmd_ports[] = {4369};
constexpr std::uint8_t epmd_names = 'n';
constexpr std::size_t epmd_longest_line = 300;

/// `name rabbit at port 25672`: true if the line has this form, or may get it.
bool note_epmd_line(std::string_view line, bool whole, model::service_observation& service) {
  constexpr std::string_view before = "name ";
  constexpr std::string_view between = " at port ";
  if (line.size() > epmd_longest_line) return false;
  if (!line.starts_with(before.substr(0, line.size()))) return false;
  if (!whole) return true;
  auto at = line.rfind(between);
  if (at == std::string_view::npos || at < before.size()) return false;
  auto port = line.substr(at + between.size());
  bool number = !port.empty() && port.size() <= 5 &&
                port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number) return false;
  auto name = line.substr(before.size(), at - before.size());
  service.facts.push_back({"node", std::string(name) + ":" + std::string(port)});
  return true;
}

/// Reads the daemon's own port, then a line for each node. Empty if the bytes belong to another
/// protocol.
std::optional<recognition> epmd_service(std::string_view said, std::uint16_t asked) {
  auto out = proven_service("epmd");
  auto own = byte_writer().be32(asked).take();
  if (!said.starts_with(std::string_view(own).substr(0, said.size()))) return std::nullopt;
  auto rest = said.substr(std::min(own.size(), said.size()));
  while (!rest.empty()) {
    auto end = rest.find('\n');
    bool whole = end != std::string_view::npos;
    if (!note_epmd_line(rest.substr(0, end), whole, out.service)) return std::nullopt;
    rest.remove_prefix(whole ? end + 1 : rest.size());
  }
  return out;
}

class epmd_talk final : public protocol_talk {
 public:
  explicit epmd_talk(std::uint16_t port) : port_(port) {}

  [[nodiscard]] std::string begin() override { return byte_writer().be16(1).u8(epmd_names).take(); }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    return epmd_service(response, port_) ? talk_step::incomplete() : talk_step::not_ours();
  }

  [[nodiscard]] talk_step ended(std::string_view response) override {
    if (response.size() < 4) return talk_step::not_ours();
    auto known = epmd_service(response, port_);
    return known ? talk_step::is(std::move(*known)) : talk_step::not_ours();
  }

 private:
  std::uint16_t port_;
};

std::unique_ptr<protocol_talk> talk_epmd(const talk_context& context) {
  return std::make_unique<epmd_talk>(context.port);
}

}  // namespace

constinit const protocol_module epmd_module{
    .name = "epmd", .hinted_ports = epmd_ports, .talk = talk_epmd};

}  // namespace sonde::scanner::modules
