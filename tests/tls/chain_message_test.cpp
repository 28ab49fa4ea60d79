#include "tls/chain_message.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::tls {
namespace {

using namespace std::string_literals;

const std::string both_messages =
    "\0\0\x08"
    "\0\0\x01"
    "A"
    "\0\0\x01"
    "B"s;
const std::string both_messages_of_tls13 =
    "\0"
    "\0\0\x0F"
    "\0\0\x01"
    "A"
    "\0\0"
    "\0\0\x01"
    "B"
    "\0\x03"
    "ext"s;

}  // namespace

TEST_CASE("both formats of a Certificate message yield the certificates in order") {
  auto old = read_chain(both_messages, chain_format::up_to_tls12, 9);
  CHECK(old.certificates == std::vector<std::string>{"A", "B"});
  CHECK(old.total == 2);
  auto now = read_chain(both_messages_of_tls13, chain_format::tls13, 9);
  CHECK(now.certificates == std::vector<std::string>{"A", "B"});
  CHECK(now.total == 2);
}

TEST_CASE("certificates above the limit are counted but not kept") {
  auto chain = read_chain(both_messages, chain_format::up_to_tls12, 1);
  CHECK(chain.certificates == std::vector<std::string>{"A"});
  CHECK(chain.total == 2);
  CHECK(read_chain(both_messages, chain_format::up_to_tls12, 0).total == 2);
}

TEST_CASE("a chain may be empty") {
  CHECK(read_chain("\0\0\0"s, chain_format::up_to_tls12, 9).total == 0);
  CHECK(read_chain("\0\0\0\0"s, chain_format::tls13, 9).total == 0);
}

TEST_CASE("the certificates before a malformed entry are kept") {
  auto short_entry =
      "\0\0\x06"
      "\0\0\x01"
      "A"
      "\0\0"s;
  CHECK(read_chain(short_entry, chain_format::up_to_tls12, 9).total == 1);
  auto lying_entry =
      "\0\0\x08"
      "\0\0\x01"
      "A"
      "\0\0\x02"
      "B"s;
  CHECK(read_chain(lying_entry, chain_format::up_to_tls12, 9).total == 1);
  for (std::size_t size = 0; size < both_messages_of_tls13.size(); ++size) {
    CHECK(read_chain(both_messages_of_tls13.substr(0, size), chain_format::tls13, 9).total == 0);
  }
}

}  // namespace sonde::tls
