// Parses any bytes as a list of ports, as the name of a profile, and as both.

#include "model/net/port_set.hpp"
#include "model/scan/profile.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

void check_ports(std::string_view text) {
  auto read = model::port_set::parse(text);
  if (!read) {
    require(read.error().message().size() < 2'000);
    return;
  }
  require(!read->empty() && read->size() <= 65'535);
  auto again = model::port_set::parse(read->text());
  require(again && *again == *read);
  for (std::uint32_t rank = 0; rank < read->size(); rank += read->size() / 16 + 1) {
    auto port = read->at(rank);
    require(port > 0 && read->contains(port));
    require(rank == 0 || port > read->at(rank - 1));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  check_ports(text);
  auto name = fuzz::take_line(text);
  auto book = model::profile_book::with({{std::string(name), std::string(text)}});
  if (book) {
    require(book->find(name) != nullptr && !book->is_built_in(name));
    require(book->ports_of(name, text).has_value());
  }
  static const model::profile_book known;
  (void)known.ports_of(name, text);
  if (known.find(name) == nullptr) require(known.unknown(name).message().size() < 2'000);
  return 0;
}
