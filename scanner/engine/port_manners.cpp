#include "scanner/engine/port_manners.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

struct port_range {
  std::uint16_t first;
  std::uint16_t last;
};

constexpr port_range raw_printing[] = {{515, 515},   {9100, 9107}, {9112, 9116},
                                       {9220, 9220}, {9290, 9290}, {9500, 9500}};

}  // namespace

port_manners manners_of(std::uint16_t port) {
  bool prints = std::ranges::any_of(raw_printing, [port](const port_range& range) {
    return range.first <= port && port <= range.last;
  });
  return prints ? port_manners::listen_only : port_manners::speak;
}

}  // namespace sonde::scanner
