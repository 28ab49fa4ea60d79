#include "scanner/errc.hpp"

#include "tests/support/doctest.hpp"

#include <set>
#include <string>

namespace sonde::scanner {

TEST_CASE("every error code has a distinct message") {
  std::set<std::string> words;
  int count = 0;
  for (int code = static_cast<int>(errc::refused); code <= static_cast<int>(errc::fingerprint_file);
       ++code, ++count) {
    auto made = make_error_code(static_cast<errc>(code));
    CHECK(made.failed());
    CHECK(made.category().name() == std::string("scanner"));
    words.insert(made.message());
  }
  CHECK(words.size() == static_cast<std::size_t>(count));
  CHECK(!words.contains("unknown error"));
}

}  // namespace sonde::scanner
