#pragma once

#include <optional>
#include <string>

namespace sonde::test {

/// Returns the addresses of the brokers for this run, and starts the brokers if they are not
/// running. Their folder is the one that `TEST_BROKER_DIR` names; returns nothing if it is not set.
[[nodiscard]] const std::optional<std::string>& kafka_brokers();

/// Returns a prefix for the topics and groups of one test, so that no other test sees them.
[[nodiscard]] std::string unique_prefix();

/// Runs tests/support/kafka/broker with these arguments; returns its output.
std::string run_broker_script(const std::string& words);

}  // namespace sonde::test
