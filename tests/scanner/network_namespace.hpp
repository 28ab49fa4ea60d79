#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sonde::test {

/// Runs `body` on a thread of its own in an empty network: a loopback interface that is up, and
/// nobody else on the machine. `commands` (of `ip` and `nft`, without a shell) set it up. What
/// `body` throws is thrown on. Needs root.
void in_empty_network(const std::vector<std::string>& commands, const std::function<void()>& body);

/// Whether this process may do so.
[[nodiscard]] bool can_make_networks();

}  // namespace sonde::test
