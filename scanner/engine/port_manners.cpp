#include "scanner/engine/port_manners.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::scanner {
namespace {

struct port_range {
  std::uint16_t first;
  std::uint16_t last;
};

constexpr port_range raw_printing[] = {{515, 515},   {9100, 9107}, {9112, 9116},
                                       {9220, 9220}, {9290, 9290}, {9500, 9500}};

constexpr std::uint16_t industrial_ports[] = {102, 502, 1911, 2404, 4840, 4911, 20'000, 44'818};

}  // namespace

port_manners manners_of(std::uint16_t port) {
  bool prints = std::ranges::any_of(raw_printing, [port](const port_range& range) {
    return range.first <= port && port <= range.last;
  });
  if (prints) return port_manners::listen_only;
  bool controls = std::ranges::find(industrial_ports, port) != std::end(industrial_ports);
  return controls ? port_manners::industrial : port_manners::speak;
}

bool listens_only(std::uint16_t port, bool industrial_allowed) {
  auto manners = manners_of(port);
  return manners == port_manners::listen_only ||
         (manners == port_manners::industrial && !industrial_allowed);
}

}  // namespace sonde::scanner
