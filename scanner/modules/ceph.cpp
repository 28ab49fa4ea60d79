#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// Ceph developer guide, "msgr2 protocol" and "network protocol" (v1): both sides send a banner.
constexpr std::string_view ceph_v1 = "ceph v";
constexpr std::size_t ceph_v1_banner = 9;
constexpr std::string_view ceph_v2 = "ceph v2\n";
constexpr std::size_t ceph_v2_features = 16;  // supported and required ones, 64 bits each

std::optional<recognition> ceph_service(std::string_view banner, std::string_view version) {
  auto known = text_service("ceph", banner);
  known.service.sure = model::confidence::proven;
  known.service.product = "Ceph";
  known.service.facts.push_back({"protocol-version", std::string(version)});
  known.complete = true;
  return known;
}

std::optional<recognition> recognise_ceph(std::string_view said) {
  if (said.starts_with(ceph_v2)) {
    byte_reader read(said.substr(ceph_v2.size()));
    auto size = read.le16();
    read.take(size);
    if (!read.ok() || size < ceph_v2_features) return std::nullopt;
    return ceph_service(line_of(said), "2");
  }
  // `ceph v027`; the addresses of both sides follow.
  bool first = said.size() >= ceph_v1_banner && said.starts_with(ceph_v1);
  if (!first || !starts_with_digits(said.substr(ceph_v1.size()), 3)) return std::nullopt;
  return ceph_service(said.substr(0, ceph_v1_banner), "1");
}

}  // namespace

constinit const protocol_module ceph_module{.name = "ceph", .recognise = recognise_ceph};

}  // namespace sonde::scanner::modules
