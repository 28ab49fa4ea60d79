#include "model/net/port_set.hpp"

#include "model/errc.hpp"

#include <algorithm>
#include <charconv>

namespace sonde::model {
namespace {

/// Longer lists are an error: a sorted list of all 65,535 single ports has 382 kB.
constexpr std::size_t longest_list = 400'000;

constexpr std::size_t shown_bytes_of_item = 40;

bool parse_port(std::string_view text, std::uint16_t& port) {
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && port > 0;
}

error refuse(std::string_view item) {
  return fail(errc::invalid_ports, "\"" + std::string(item.substr(0, shown_bytes_of_item)) +
                                       "\" is not a port (1 to 65535) or a range such as 80-90");
}

}  // namespace

result<port_set> port_set::parse(std::string_view text) {
  if (text.empty()) return fail(errc::invalid_ports, "is empty; give ports as in 22,80-90");
  if (text.size() > longest_list) return fail(errc::invalid_ports, "is too long");
  std::vector<range> ranges;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find(',', begin), text.size());
    auto item = text.substr(begin, end - begin);
    auto dash = item.find('-');
    range r{0, 0, 0};
    if (!parse_port(item.substr(0, dash), r.first)) return refuse(item);
    r.last = r.first;
    if (dash != std::string_view::npos && !parse_port(item.substr(dash + 1), r.last)) {
      return refuse(item);
    }
    if (r.last < r.first) {
      auto shown = std::string(item.substr(0, shown_bytes_of_item));
      return fail(errc::invalid_ports, "\"" + shown + "\" ends before it starts");
    }
    ranges.push_back(r);
    begin = end + 1;
  }
  return normalised(std::move(ranges));
}

port_set port_set::all() {
  return normalised({{1, 65535, 0}});
}

port_set port_set::of(std::vector<std::uint16_t> ports) {
  std::vector<range> ranges;
  for (auto port : ports)
    ranges.push_back({port, port, 0});
  return normalised(std::move(ranges));
}

port_set port_set::normalised(std::vector<range> ranges) {
  std::ranges::sort(ranges, {}, &range::first);
  port_set out;
  for (const auto& r : ranges) {
    if (!out.ranges_.empty() && r.first <= out.ranges_.back().last + 1) {
      out.ranges_.back().last = std::max(out.ranges_.back().last, r.last);
    } else {
      out.ranges_.push_back(r);
    }
  }
  for (auto& r : out.ranges_) {
    r.rank = out.size_;
    out.size_ += static_cast<std::uint32_t>(r.last - r.first + 1);
  }
  return out;
}

bool port_set::contains(std::uint16_t port) const {
  auto after = std::ranges::upper_bound(ranges_, port, {}, &range::first);
  return after != ranges_.begin() && port <= std::prev(after)->last;
}

std::uint16_t port_set::at(std::uint32_t rank) const {
  auto after = std::ranges::upper_bound(ranges_, rank, {}, &range::rank);
  const auto& r = *std::prev(after);
  return static_cast<std::uint16_t>(r.first + (rank - r.rank));
}

std::string port_set::text() const {
  std::string out;
  for (const auto& r : ranges_) {
    if (!out.empty()) out += ',';
    out += std::to_string(r.first);
    if (r.last != r.first) out += '-' + std::to_string(r.last);
  }
  return out;
}

}  // namespace sonde::model
