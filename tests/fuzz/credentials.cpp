// Parses any bytes as the credentials of a request, and as the record of a key. Bytes that are not
// a key authenticate nobody. A value read from a gateway is valid in a header.

#include "ingest/auth/authenticate.hpp"
#include "model/auth/credential.hpp"
#include "tests/fuzz/checks.hpp"

#include <algorithm>

using namespace sonde;
using fuzz::require;

namespace {

void check_record(std::string_view text) {
  auto read = model::parse_credential(text);
  if (!read) {
    require(!read.error().message().empty());
    return;
  }
  require(!read->groups.empty());
  auto written = model::to_json_text(*read);
  auto again = model::parse_credential(written);
  require(again && *again == *read);
}

void check_token(std::string_view text) {
  auto parts = model::parse_token(text);
  if (parts) require(model::token_of(*parts) == text);
}

/// The first byte selects the headers, the rest is their value.
void check_headers(unsigned which, std::string_view value) {
  ingest::http_request request;
  const char* names[] = {"authorization", "api-key", "api-secret", "user-id",
                         "user_id",       "groups",  "roles"};
  for (unsigned i = 0; i < std::size(names); ++i) {
    if ((which >> i & 1U) != 0) request.headers.emplace(names[i], std::string(value));
  }
  auto shown = ingest::read_key(request);
  bool any = (which & 7U) != 0;
  require(any == (shown.found != ingest::shown_key::kind::none));
  auto who = ingest::read_gateway_headers(request);
  if (!who) return;
  require(who->user_id == value && !who->groups.empty());
  require(std::ranges::is_sorted(who->groups) && std::ranges::is_sorted(who->sees));
  for (const auto& group : who->groups)
    require(model::check_group(group).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  check_record(text);
  check_token(text);
  if (size > 0) check_headers(data[0], text.substr(1));
  return 0;
}
