#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// The NBD protocol (nbd's doc/proto.md, "Protocol phases"). Integers are big-endian.
constexpr std::uint16_t nbd_ports[] = {10809};
constexpr std::string_view nbd_magic = "NBDMAGIC";
constexpr std::uint64_t nbd_options = 0x49484156454F5054;  // IHAVEOPT
constexpr std::uint64_t nbd_old = 0x00420281861253;
constexpr std::size_t nbd_old_reserved = 124;
constexpr std::uint16_t nbd_fixed = 1;

std::optional<recognition> recognise_nbd(std::string_view said) {
  if (!said.starts_with(nbd_magic)) return std::nullopt;
  byte_reader read(said.substr(nbd_magic.size()));
  auto kind = read.be64();
  auto known = proven_service("nbd");
  auto& facts = known.service.facts;
  if (kind == nbd_options) {
    bool fixed = (read.be16() & nbd_fixed) != 0;
    facts.push_back({"handshake", fixed ? "fixed-newstyle" : "newstyle"});
  } else if (kind == nbd_old) {
    facts.push_back({"handshake", "oldstyle"});
    facts.push_back({"export-size", std::to_string(read.be64())});
    read.be32();  // flags
    read.take(nbd_old_reserved);
  } else {
    return std::nullopt;
  }
  // Then the server waits.
  if (!read.ok() || read.left() > 0) return std::nullopt;
  return known;
}

}  // namespace

constinit const protocol_module nbd_module{
    .name = "nbd", .hinted_ports = nbd_ports, .recognise = recognise_nbd, .one_client = true};

}  // namespace sonde::scanner::modules
