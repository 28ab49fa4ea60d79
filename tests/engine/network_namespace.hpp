#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sonde::test {

/// Runs `body` on a separate thread in an empty network with one loopback interface that is up and
/// no other host. `commands` (of `ip` and `nft`, without a shell) set the network up. An exception
/// from `body` is rethrown. Needs root.
void in_empty_network(const std::vector<std::string>& commands, const std::function<void()>& body);

/// Returns true if this process may create networks.
[[nodiscard]] bool can_make_networks();

}  // namespace sonde::test
