#include "base/sealed.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {

TEST_CASE("what is sealed is read with its key only, and not where a bit of it has changed") {
  const std::string text = "https://hooks.example.com/T00/secret";
  auto sealed = seal("key", text);
  CHECK(sealed.find("hooks") == std::string::npos);
  CHECK(unseal("key", sealed) == text);
  CHECK(!unseal("other key", sealed));
  CHECK(!unseal("key", ""));
  CHECK(!unseal("key", "AAAA"));
  CHECK(!unseal("key", sealed.substr(4)));
  for (std::size_t at = 0; at < sealed.size(); at += 7) {
    auto changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK(!unseal("key", changed));
  }
  CHECK(unseal("key", seal("key", "")) == "");
}

TEST_CASE("the same text is sealed the same way, another one wholly otherwise") {
  CHECK(seal("key", "one text") == seal("key", "one text"));
  CHECK(seal("key", "one text").substr(0, 16) != seal("key", "one tex7").substr(0, 16));
  CHECK(seal("key", "one text") != seal("other", "one text"));
}

}  // namespace sonde
