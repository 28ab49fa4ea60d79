#include "scanner/policy.hpp"

#include "scanner/errc.hpp"

#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>
#include <span>

namespace sonde::scanner {
namespace {

const model::network& loopback_v4() {
  static const auto network = model::network::parse("127.0.0.0/8").value();
  return network;
}

}  // namespace

policy::policy(model::address_scope scope, std::set<model::ip_address> own_addresses)
    : scope_(std::move(scope)), own_addresses_(std::move(own_addresses)) {}

result<> policy::answer(const model::address_scope::check_result& checked) {
  switch (checked.what) {
    case model::address_scope::verdict::in_scope: return {};
    case model::address_scope::verdict::excluded: return fail(errc::excluded, checked.reason);
    case model::address_scope::verdict::out_of_scope: break;
  }
  return fail(errc::out_of_scope, checked.reason);
}

result<> policy::may_dial(const model::ip_address& address, const model::target& under) const {
  return answer(scope_.check(address, under));
}

result<> policy::may_scan(const model::target& target) const {
  return answer(scope_.check(target));
}

bool policy::is_own(const model::ip_address& address) const {
  return scope_.is_own(address) || loopback_v4().contains(address) ||
         own_addresses_.contains(address);
}

std::set<model::ip_address> own_addresses() {
  std::set<model::ip_address> out;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return out;
  std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all, freeifaddrs);
  for (const auto* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      const auto& v4 = *reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
      out.insert(model::ip_address::from_bytes(std::as_bytes(std::span(&v4.sin_addr, 1))));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
      out.insert(model::ip_address::from_bytes(std::as_bytes(std::span(&v6.sin6_addr, 1))));
    }
  }
  return out;
}

}  // namespace sonde::scanner
