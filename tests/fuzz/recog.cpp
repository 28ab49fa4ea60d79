// Parses any bytes as a file of fingerprints. An accepted file is compiled, and completes what the
// modules recognise in some banners.

#include "scanner/modules/recog.hpp"

#include "tests/fuzz/checks.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::size_t longest_text = 200;
constexpr const char* banners[] = {
    "SSH-2.0-OpenSSH_9.2p1\r\n", "220 mx.example.org ACME Post v2.1 ESMTP\r\n",
    "HTTP/1.1 200 OK\r\nServer: a/1\r\nSet-Cookie: b=2\r\n\r\n<title>c 3</title>"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto parsed = scanner::parse_recog_file(fuzz::text_of(data, size), "fuzzed.xml");
  if (!parsed) {
    require(parsed.error().message().starts_with("fuzzed.xml:"));
    return 0;
  }
  require(!parsed->matches.empty());
  std::vector<scanner::recog_file> files;
  files.push_back(std::move(*parsed));
  auto all = scanner::recog_database::from_files(std::move(files));
  if (!all) return 0;
  for (const auto* banner : banners) {
    auto known = scanner::recognise(banner);
    auto name = known.service.name;
    auto product = known.service.product;
    (*all)->complete(known);
    require(known.service.name == name);
    require(product.empty() || known.service.product == product);
    require(known.service.product.size() <= longest_text);
    require(known.service.cpe.empty() || known.service.cpe.starts_with("cpe:2.3:a:"));
  }
  return 0;
}
