#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// Minecraft's Java edition, Server List Ping. A VarInt has seven bits a byte, the lowest first.
constexpr std::uint16_t minecraft_ports[] = {25565, 25566};
constexpr std::size_t minecraft_most = 64 * 1024;

/// A handshake whose next state is `status`, and the request for the status. Version -1 means
/// that the client does not join; the server starts no session.
std::string minecraft_request(const talk_context& context) {
  constexpr std::size_t longest_host = 100;
  auto host = context.host.substr(0, longest_host);
  auto body = byte_writer()
                  .u8(0)
                  .text("\xFF\xFF\xFF\xFF\x0F")
                  .u8(static_cast<std::uint8_t>(host.size()))
                  .text(host)
                  .be16(context.port)
                  .u8(1)
                  .take();
  return byte_writer().u8(static_cast<std::uint8_t>(body.size())).text(body).u8(1).u8(0).take();
}

/// Reads at most three bytes. A longer number becomes `minecraft_most + 1`, which is refused.
std::size_t take_minecraft_number(byte_reader& read) {
  std::size_t value = 0;
  for (unsigned shift = 0; shift < 21; shift += 7) {
    auto next = read.u8();
    value |= static_cast<std::size_t>(next & 0x7FU) << shift;
    if ((next & 0x80U) == 0) return value;
  }
  return minecraft_most + 1;
}

/// The value of a field: a text without its quotes, or a number.
std::string_view minecraft_field(std::string_view object, std::string_view name) {
  auto key = '"' + std::string(name) + "\":";
  auto at = object.find(key);
  if (at == std::string_view::npos) return {};
  auto value = object.substr(at + key.size());
  value = ascii::trimmed_left(value, " ");
  if (!value.starts_with('"')) return value.substr(0, value.find_first_of(",} "));
  value.remove_prefix(1);
  return value.substr(0, value.find('"'));
}

/// `"version":{"name":"Paper 1.20.4","protocol":765}`. A proxy names a range of versions.
bool note_minecraft_version(std::string_view json, model::service_observation& service) {
  constexpr std::string_view key = "\"version\":";
  auto at = json.find(key);
  if (at == std::string_view::npos) return false;
  auto object = json.substr(at + key.size());
  auto end = object.find('}');
  if (end == std::string_view::npos) return false;
  object = object.substr(0, end + 1);
  auto name = minecraft_field(object, "name");
  auto protocol = minecraft_field(object, "protocol");
  if (name.empty() || protocol.empty()) return false;
  service.facts.push_back({"version-text", std::string(name)});
  service.facts.push_back({"protocol-version", std::string(protocol)});
  auto space = name.rfind(' ');
  auto version = space == std::string_view::npos ? name : name.substr(space + 1);
  bool exact = starts_with_digits(version, 1) &&
               version.find_first_not_of("0123456789.") == std::string_view::npos;
  if (!exact) return true;
  service.product = space == std::string_view::npos ? "Minecraft" : name.substr(0, space);
  service.version = version;
  return true;
}

/// The state of a response, and its text.
struct minecraft_status {
  enum class kind { unfinished, foreign, whole } what = kind::unfinished;
  std::string_view json;  ///< as far as it has come
};

minecraft_status read_minecraft_status(std::string_view response) {
  using kind = minecraft_status::kind;
  byte_reader read(response);
  auto size = take_minecraft_number(read);
  if (!read.ok()) return {};
  if (size > minecraft_most || size < 4) return {kind::foreign, {}};
  auto before = read.left();
  auto id = read.u8();
  if (!read.ok()) return {};
  auto text = take_minecraft_number(read);
  if (id != 0) return {kind::foreign, {}};
  if (!read.ok()) return {};
  auto head = before - read.left();
  if (head + text != size) return {kind::foreign, {}};
  auto json = read.rest().substr(0, text);
  if (!json.empty() && json.front() != '{') return {kind::foreign, {}};
  return {json.size() == text ? kind::whole : kind::unfinished, json};
}

class minecraft_talk final : public protocol_talk {
 public:
  explicit minecraft_talk(const talk_context& context) : request_(minecraft_request(context)) {}

  [[nodiscard]] std::string begin() override { return request_; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto status = read_minecraft_status(response);
    if (status.what == minecraft_status::kind::foreign) return talk_step::not_ours();
    if (status.what == minecraft_status::kind::unfinished) return talk_step::incomplete();
    return ended(response);
  }

  /// The picture in a status is long; the version may stand before it.
  [[nodiscard]] talk_step ended(std::string_view response) override {
    auto status = read_minecraft_status(response);
    if (status.what == minecraft_status::kind::foreign) return talk_step::not_ours();
    auto known = proven_service("minecraft");
    bool versioned = note_minecraft_version(status.json, known.service);
    return versioned ? talk_step::is(std::move(known)) : talk_step::not_ours();
  }

 private:
  std::string request_;
};

std::unique_ptr<protocol_talk> talk_minecraft(const talk_context& context) {
  return std::make_unique<minecraft_talk>(context);
}

}  // namespace

constinit const protocol_module minecraft_module{
    .name = "minecraft", .hinted_ports = minecraft_ports, .talk = talk_minecraft};

}  // namespace sonde::scanner::modules
