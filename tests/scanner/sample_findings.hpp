#pragma once

#include "scanner/findings.hpp"

#include <set>
#include <string>
#include <vector>

namespace sonde::test {

/// The time at which all of it was seen.
inline constexpr wall_time found_at{std::chrono::seconds(1'767'323'045)};

[[nodiscard]] model::ip_address ip(const char* text);
[[nodiscard]] model::scan_task task_for(const std::string& target, std::uint32_t attempt = 1);
[[nodiscard]] model::endpoint_observation open_port(const char* address, std::uint16_t port);
[[nodiscard]] model::endpoint_observation ssh_on(const char* address);
[[nodiscard]] model::endpoint_observation https_on(const char* address, std::string sni);
/// A certificate whose fingerprint is `letter`, 64 times.
[[nodiscard]] model::certificate_observation certificate(char letter,
                                                         std::vector<std::string> hostnames);
[[nodiscard]] model::certificate_pointer pointer(model::certificate_observation certificate);
/// A name with two addresses. One of them was scanned.
[[nodiscard]] model::scan_observation sample();

/// The edges as text: `port:22/tcp > service:203.0.113.1:22/tcp`.
[[nodiscard]] std::set<std::string> edges_of(const scanner::findings& found);
/// Checks that every entity and edge occurs once, under the id derived from it, and that every edge
/// has both ends.
void check_whole(const scanner::findings& found);
[[nodiscard]] const model::association& edge_to(const scanner::findings& found,
                                                const model::entity_id& from,
                                                const model::entity_id& to);
[[nodiscard]] const model::entity& entity_of(const scanner::findings& found, const char* type);

}  // namespace sonde::test
