// Parses any bytes as a target, an address, a network, and an entry of a scope. An accepted value
// is canonical: parsing it again gives the same value.

#include "model/net/address_class.hpp"
#include "model/net/address_scope.hpp"
#include "model/net/fqdn.hpp"
#include "model/net/ip_address.hpp"
#include "model/net/target.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

void check_target(std::string_view text) {
  auto read = model::target::parse(text);
  if (!read) {
    require(!read.error().message().empty() && read.error().message().size() < 2'000);
    return;
  }
  require(read->text().size() <= 255);
  auto again = model::target::parse(read->text());
  require(again && *again == *read);
  if (read->is_address()) require(!model::classify(read->address()).name.empty());
}

void check_network(std::string_view text) {
  auto read = model::network::parse(text);
  if (!read) return;
  auto again = model::network::parse(read->text());
  require(again && again->text() == read->text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  check_target(text);
  check_network(text);
  if (auto address = model::ip_address::parse(text)) {
    require(model::ip_address::parse(address->text()) == address);
  }
  auto scope = model::address_scope::from_rules({{std::string(text)}, {}, {std::string(text)}});
  if (scope) {
    using verdict = model::address_scope::verdict;
    if (auto target = model::target::parse(text)) {
      bool unspecified = target->text() == "0.0.0.0" || target->text() == "::";
      require(scope->check(*target).what ==
              (unspecified ? verdict::out_of_scope : verdict::in_scope));
    }
  }
  return 0;
}
