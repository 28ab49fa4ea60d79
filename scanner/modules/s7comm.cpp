#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// RFC 1006 (TPKT), ISO 8073 (COTP), and S7 communication as Wireshark's dissector describes it.
constexpr std::uint16_t s7comm_ports[] = {102};
constexpr std::size_t s7comm_most = 4096;
constexpr std::uint8_t s7comm_confirmed = 0xD0;  // COTP CC
constexpr std::uint8_t s7comm_data_unit = 0xF0;  // COTP DT
constexpr std::uint8_t s7comm_magic = 0x32;
constexpr std::uint8_t s7comm_job = 1;
constexpr std::uint8_t s7comm_acknowledged = 3;
constexpr std::uint8_t s7comm_user_data = 7;
constexpr std::uint8_t s7comm_set_up = 0xF0;
constexpr std::uint16_t s7comm_identification = 0x0011;  // order numbers and versions
constexpr std::uint16_t s7comm_components = 0x001C;      // names

/// A connection request to rack 0, slot 2.
constexpr std::string_view s7comm_connect(
    "\x03\x00\x00\x16\x11\xE0\x00\x00\x00\x01\x00\xC0\x01\x0A\xC1\x02\x01\x00\xC2\x02\x01\x02", 22);
/// One job at a time in each direction, PDUs of 480 bytes.
constexpr std::string_view s7comm_set_up_parameters("\xF0\x00\x00\x01\x00\x01\x01\xE0", 8);
constexpr std::string_view s7comm_list_parameters("\x00\x01\x12\x04\x11\x44\x01\x00", 8);

std::string s7comm_request(std::uint8_t kind, std::uint16_t reference, std::string_view parameters,
                           std::string_view data) {
  byte_writer pdu;
  pdu.u8(s7comm_magic).u8(kind).be16(0).be16(reference);
  pdu.be16(static_cast<std::uint16_t>(parameters.size()));
  pdu.be16(static_cast<std::uint16_t>(data.size())).text(parameters).text(data);
  auto size = static_cast<std::uint16_t>(pdu.size() + 7);
  byte_writer out;
  out.be16(0x0300).be16(size).u8(2).u8(s7comm_data_unit).u8(0x80).text(pdu.take());
  return out.take();
}

std::string s7comm_list_request(std::uint16_t reference, std::uint16_t list) {
  auto data = byte_writer().u8(0xFF).u8(9).be16(4).be16(list).be16(0).take();
  return s7comm_request(s7comm_user_data, reference, s7comm_list_parameters, data);
}

struct s7comm_packet {
  enum class kind { incomplete, foreign, whole } what = kind::foreign;
  std::uint8_t type = 0;  ///< of COTP
  std::string_view body;  ///< what follows COTP's header
};

s7comm_packet read_s7comm_packet(std::string_view response) {
  using kind = s7comm_packet::kind;
  constexpr std::string_view version("\x03\x00", 2);
  if (response.substr(0, version.size()) != version.substr(0, response.size())) return {};
  if (response.size() < 4) return {kind::incomplete, 0, {}};
  byte_reader head(response.substr(version.size()));
  std::size_t size = head.be16();
  if (size < 7 || size > s7comm_most) return {};
  if (response.size() < size) return {kind::incomplete, 0, {}};
  byte_reader read(head.take(size - 4));
  std::size_t header = read.u8();
  auto type = read.u8();
  if (header < 2) return {};
  read.take(header - 1);
  if (!read.ok()) return {};
  return {kind::whole, type, read.rest()};
}

/// The parameters of an acknowledgement, the data of user data; none without the same reference.
std::optional<std::string_view> read_s7comm_pdu(std::string_view body, std::uint8_t kind,
                                                std::uint16_t reference) {
  byte_reader read(body);
  bool ours = read.u8() == s7comm_magic && read.u8() == kind;
  read.be16();
  ours = read.be16() == reference && ours;
  std::size_t parameters_size = read.be16();
  std::size_t data_size = read.be16();
  if (kind == s7comm_acknowledged) read.be16();  // an error's class and code
  auto parameters = read.take(parameters_size);
  auto data = read.take(data_size);
  if (!ours || !read.ok() || read.left() > 0) return std::nullopt;
  return kind == s7comm_acknowledged ? parameters : data;
}

/// An entry of a system status list, without its index; empty where there is none.
std::string_view s7comm_entry(std::string_view data, std::uint16_t list, std::uint16_t index) {
  byte_reader read(data);
  bool good = read.u8() == 0xFF;
  read.take(1 + 2);  // how the data is measured, its size
  good = read.be16() == list && good;
  read.be16();
  std::size_t size = read.be16();
  read.be16();
  while (good && size > 2 && read.left() >= size) {
    byte_reader entry(read.take(size));
    if (entry.be16() == index) return entry.rest();
  }
  return {};
}

/// Texts are padded with NUL or spaces.
std::string_view s7comm_text(std::string_view field) {
  return ascii::trimmed_right(field.substr(0, field.find('\0')), " ");
}

/// An order number of 20 bytes, two bytes, then `V` and three numbers.
std::string s7comm_firmware(std::string_view entry) {
  byte_reader read(entry);
  read.take(20 + 2);
  bool version = read.u8() == 'V';
  auto first = std::to_string(read.u8());
  auto second = std::to_string(read.u8());
  auto third = std::to_string(read.u8());
  return version && read.ok() ? first + "." + second + "." + third : std::string();
}

class s7comm_talk final : public protocol_talk {
 public:
  explicit s7comm_talk(std::uint32_t nonce) : reference_(static_cast<std::uint16_t>(nonce)) {}

  [[nodiscard]] std::string begin() override { return std::string(s7comm_connect); }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto packet = read_s7comm_packet(response);
    if (packet.what == s7comm_packet::kind::incomplete) return talk_step::incomplete();
    if (packet.what == s7comm_packet::kind::foreign) return ended(response);
    if (stage_ == stage::connect) return connected(packet.type);
    if (packet.type != s7comm_data_unit) return ended(response);
    if (stage_ == stage::set_up) return set_up(packet.body);
    auto list = stage_ == stage::identify ? s7comm_identification : s7comm_components;
    auto data = read_s7comm_pdu(packet.body, s7comm_user_data, reference_);
    if (data) note(list, *data);
    if (!data || stage_ == stage::name) return ended(response);
    stage_ = stage::name;
    ++reference_;
    return talk_step::send(s7comm_list_request(reference_, s7comm_components));
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return proven_ ? talk_step::is(known_) : talk_step::not_ours();
  }

 private:
  enum class stage { connect, set_up, identify, name };

  /// Any server of COTP confirms, RDP's too.
  talk_step connected(std::uint8_t type) {
    if ((type & 0xF0U) != s7comm_confirmed) return talk_step::not_ours();
    stage_ = stage::set_up;
    return talk_step::send(s7comm_request(s7comm_job, reference_, s7comm_set_up_parameters, {}));
  }

  talk_step set_up(std::string_view body) {
    auto parameters = read_s7comm_pdu(body, s7comm_acknowledged, reference_);
    bool good = parameters && byte_reader(*parameters).u8() == s7comm_set_up;
    if (!good) return talk_step::not_ours();
    proven_ = true;
    known_ = proven_service("s7comm");
    stage_ = stage::identify;
    ++reference_;
    return talk_step::send(s7comm_list_request(reference_, s7comm_identification));
  }

  void note(std::uint16_t list, std::string_view data) {
    auto& service = known_.service;
    auto fact = [&](std::string_view name, std::uint16_t index, std::size_t size) {
      auto text = s7comm_text(s7comm_entry(data, list, index).substr(0, size));
      if (!text.empty()) service.facts.push_back({std::string(name), std::string(text)});
    };
    if (list == s7comm_identification) {
      fact("order-number", 1, 20);
      service.version = s7comm_firmware(s7comm_entry(data, list, 7));
      return;
    }
    fact("system-name", 1, 32);
    fact("module-name", 2, 32);
    fact("serial-number", 5, 32);
    service.product = s7comm_text(s7comm_entry(data, list, 7));
  }

  std::uint16_t reference_;
  stage stage_ = stage::connect;
  bool proven_ = false;
  recognition known_;
};

std::unique_ptr<protocol_talk> talk_s7comm(const talk_context& context) {
  return std::make_unique<s7comm_talk>(context.nonce);
}

}  // namespace

constinit const protocol_module s7comm_module{.name = "s7comm",
                                              .hinted_ports = s7comm_ports,
                                              .talk = talk_s7comm,
                                              .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
