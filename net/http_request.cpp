#include "net/http_request.hpp"

#include "base/ascii.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::net {

void http_request::set(std::string_view name, std::string_view value) {
  auto same = std::ranges::find_if(
      fields, [name](const auto& field) { return ascii::equal_ignoring_case(field.first, name); });
  if (same != fields.end()) {
    *same = {std::string(name), std::string(value)};
  } else {
    fields.emplace_back(name, value);
  }
}

std::string http_request::to_wire() const {
  auto out = method + " " + target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : fields)
    out += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") {
    out += fmt::format("Content-Length: {}\r\n", body.size());
  }
  return out + "\r\n" + body;
}

}  // namespace sonde::net
