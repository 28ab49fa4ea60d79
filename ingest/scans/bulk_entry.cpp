#include "ingest/scans/bulk_entry.hpp"

#include <utility>

namespace sonde::ingest {
namespace {

/// Size of a record beyond the text of its line: ids, groups, headers.
constexpr std::size_t record_overhead = 1'024;

}  // namespace

bulk_entry bulk_line_reader::read(const numbered_line& line) const {
  bulk_entry out;
  out.line = line.number;
  out.bytes = line.text.size() + record_overhead;
  auto order = rules->read(line.text, depth, owner);
  if (!order) {
    out.refusal = order.error();
    out.target = named_target(line.text, depth);
    return out;
  }
  out.order = std::move(*order);
  out.order.traceparent = traceparent;
  out.target = out.order.target.text();
  out.key = model::key_of(out.order.target, out.order.profile, groups);
  return out;
}

std::vector<bulk_entry> bulk_line_reader::read_all(const std::vector<numbered_line>& lines) const {
  std::vector<bulk_entry> out;
  out.reserve(lines.size());
  for (const auto& line : lines)
    out.push_back(read(line));
  return out;
}

}  // namespace sonde::ingest
