#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// EtherNet/IP: CIP Networks Library, volume 2, sections 2-3 (the encapsulation header) and 2-4.2
// (ListIdentity). All integers but those of the socket address are little-endian.
constexpr std::uint16_t ethernet_ip_ports[] = {44818};
constexpr std::uint16_t ethernet_ip_list_identity = 0x0063;
constexpr std::uint16_t ethernet_ip_identity = 0x000C;
constexpr std::size_t ethernet_ip_header = 24;
constexpr std::size_t ethernet_ip_socket_address = 16;

struct ethernet_ip_vendor {
  std::uint16_t id;
  std::string_view name;
};
/// The vendors of ODVA's list that are in every survey.
constexpr std::array<ethernet_ip_vendor, 3> ethernet_ip_vendors = {
    {{1, "Rockwell Automation"}, {47, "Omron"}, {283, "Hilscher"}}};

/// The server repeats the sender's context. Its first bytes, a delay, stay zero.
std::string ethernet_ip_context(const talk_context& context) {
  return byte_writer().be32(0).be32(context.nonce).take();
}

std::string ethernet_ip_request(const talk_context& context) {
  byte_writer out;
  out.le16(ethernet_ip_list_identity).le16(0).le32(0).le32(0);
  return out.text(ethernet_ip_context(context)).le32(0).take();
}

void note_ethernet_ip_vendor(std::uint16_t id, model::service_observation& service) {
  auto vendor = std::ranges::find(ethernet_ip_vendors, id, &ethernet_ip_vendor::id);
  if (vendor != ethernet_ip_vendors.end()) {
    service.facts.push_back({"vendor", std::string(vendor->name)});
  }
  service.facts.push_back({"vendor-id", std::to_string(id)});
}

/// An identity item; no name where it is broken.
recognition read_ethernet_ip_identity(std::string_view item) {
  byte_reader read(item);
  auto protocol = read.le16();
  read.take(ethernet_ip_socket_address);
  auto known = proven_service("ethernet_ip");
  auto& service = known.service;
  note_ethernet_ip_vendor(read.le16(), service);
  service.facts.push_back({"device-type", std::to_string(read.le16())});
  service.facts.push_back({"product-code", std::to_string(read.le16())});
  auto major = std::to_string(read.u8());
  auto minor = std::to_string(read.u8());
  read.le16();  // the status
  read.le32();  // the serial number
  std::size_t size = read.u8();
  service.product = read.take(size);
  service.version = major + "." + minor;
  service.facts.push_back({"protocol-version", std::to_string(protocol)});
  return read.ok() ? known : recognition();
}

talk_step read_ethernet_ip(std::string_view response, const talk_context& context) {
  constexpr std::string_view command("\x63\x00", 2);
  if (response.substr(0, command.size()) != command.substr(0, response.size())) {
    return talk_step::not_ours();
  }
  if (response.size() < ethernet_ip_header) return talk_step::incomplete();
  byte_reader read(response.substr(command.size()));
  std::size_t length = read.le16();
  read.le32();  // the session, which there is none of
  auto status = read.le32();
  bool ours = read.take(8) == ethernet_ip_context(context) && read.le32() == 0;
  if (!ours || status != 0) return talk_step::not_ours();
  if (read.left() < length) return talk_step::incomplete();
  byte_reader items(read.take(length));
  auto count = items.le16();
  auto type = items.le16();
  std::size_t size = items.le16();
  auto item = items.take(size);
  if (count == 0 || type != ethernet_ip_identity || !items.ok()) return talk_step::not_ours();
  auto known = read_ethernet_ip_identity(item);
  if (known.service.name.empty()) return talk_step::not_ours();
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_ethernet_ip(const talk_context& context) {
  auto request = ethernet_ip_request(context);
  return std::make_unique<one_exchange>(std::move(request), read_ethernet_ip, context);
}

}  // namespace

constinit const protocol_module ethernet_ip_module{.name = "ethernet_ip",
                                                   .hinted_ports = ethernet_ip_ports,
                                                   .talk = talk_ethernet_ip,
                                                   .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
