#include "ingest/http/record_fit.hpp"

#include "base/record_size.hpp"
#include "ingest/errc.hpp"
#include "model/scan/task_fitting.hpp"

#include <fmt/core.h>

namespace sonde::ingest {
namespace {

error record_too_large(const std::string& field, std::size_t field_bytes, std::size_t record_bytes,
                       std::size_t most) {
  return fail(errc::too_large, fmt::format("{}: has {} bytes as JSON, and its record {}; the most "
                                           "is {} (limits.record_max_bytes); shorten it",
                                           field, field_bytes, record_bytes, most));
}

}  // namespace

result<> check_fits(const record& one, const model::entity& what, std::size_t most) {
  auto size = size_of(one);
  if (size <= most) return {};
  std::string field = "tags";
  auto largest = model::to_text(what.tags).size();
  for (const auto& [name, value] : what.attributes.items()) {
    auto bytes = model::to_text(value).size();
    if (bytes <= largest) continue;
    largest = bytes;
    field = "attributes." + name;
  }
  return record_too_large(field, largest, size, most);
}

result<> check_fits(const record& one, const model::comment& what, std::size_t most) {
  auto size = size_of(one);
  if (size <= most) return {};
  return record_too_large("comment", model::encoded_size(what.text), size, most);
}

result<> check_ports_fit(const std::string& ports, std::size_t record_bytes) {
  auto most = model::most_ports_bytes(record_bytes);
  if (ports.size() <= most) return {};
  return fail(errc::too_large,
              fmt::format("ports: has {} bytes in its shortest form; the most is {}, a quarter of "
                          "limits.record_max_bytes; write ranges, or scan fewer ports",
                          ports.size(), most));
}

}  // namespace sonde::ingest
