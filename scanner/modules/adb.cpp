#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

#include <array>

namespace sonde::scanner::modules {
namespace {

// Android's adb protocol.txt: command, two arguments, size and sum of the data, the command
// inverted. All integers are little-endian.
constexpr std::uint16_t adb_ports[] = {5555};
constexpr std::size_t adb_head = 24;
constexpr std::size_t adb_most = 64 * 1024;
constexpr std::uint32_t adb_connect = 0x4E584E43;   // CNXN
constexpr std::uint32_t adb_auth = 0x48545541;      // AUTH
constexpr std::uint32_t adb_starttls = 0x534C5453;  // STLS

std::string adb_request() {
  constexpr std::string_view identity("host::\0", 7);
  std::uint32_t sum = 0;
  for (char byte_of : identity)
    sum += static_cast<unsigned char>(byte_of);
  constexpr std::uint32_t version = 0x01000000;
  constexpr std::uint32_t longest = 4096;
  return byte_writer()
      .le32(adb_connect)
      .le32(version)
      .le32(longest)
      .le32(static_cast<std::uint32_t>(identity.size()))
      .le32(sum)
      .le32(~adb_connect)
      .text(identity)
      .take();
}

/// `device::ro.product.name=x;ro.product.model=y;ro.product.device=z;features=…`
void note_adb_device(std::string_view banner, model::service_observation& service) {
  struct property {
    std::string_view name;
    std::string_view fact;
  };
  constexpr std::array<property, 3> properties = {{
      {"ro.product.name=", "product-name"},
      {"ro.product.model=", "model"},
      {"ro.product.device=", "device"},
  }};
  auto kind = banner.substr(0, banner.find(':'));
  if (!kind.empty()) service.facts.push_back({"state", std::string(kind)});
  for (const auto& each : properties) {
    auto at = banner.find(each.name);
    if (at == std::string_view::npos) continue;
    auto value = banner.substr(at + each.name.size());
    value = value.substr(0, value.find(';'));
    if (!value.empty()) service.facts.push_back({std::string(each.fact), std::string(value)});
  }
}

bool is_adb_answer(std::uint32_t command) {
  return command == adb_connect || command == adb_auth || command == adb_starttls;
}

talk_step read_adb(std::string_view response, const talk_context&) {
  byte_reader read(response);
  if (read.left() < 4) return talk_step::incomplete();
  auto command = read.le32();
  if (!is_adb_answer(command)) return talk_step::not_ours();
  if (response.size() < adb_head) return talk_step::incomplete();
  auto version = read.le32();
  read.le32();
  auto size = read.le32();
  read.le32();
  if (read.le32() != ~command || size > adb_most) return talk_step::not_ours();
  if (read.left() < size) return talk_step::incomplete();
  auto data = read.take(size);
  auto known = proven_service("adb");
  auto& facts = known.service.facts;
  if (command == adb_auth) facts.push_back({"authentication", "required"});
  if (command == adb_starttls) facts.push_back({"starttls", "required"});
  if (command == adb_connect) {
    // 0x01000001 is version 1.1.
    auto minor = version & 0xFFFFFFU;
    auto number = fmt::format("{}.{}", version >> 24U, minor);
    facts.push_back({"protocol-version", std::move(number)});
    data = data.substr(0, data.find('\0'));
    // An echo of the request.
    if (data.starts_with("host:")) return talk_step::not_ours();
    note_adb_device(data, known.service);
    known.raw = data;
    known.masked = data;
  }
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_adb(const talk_context& context) {
  return std::make_unique<one_exchange>(adb_request(), read_adb, context);
}

}  // namespace

constinit const protocol_module adb_module{
    .name = "adb", .hinted_ports = adb_ports, .talk = talk_adb};

}  // namespace sonde::scanner::modules
