#pragma once

#include <optional>
#include <string>

namespace sonde::test {

/// The addresses of the brokers that this run is to use, started if they do not run yet. They are
/// those of the folder that `TEST_BROKER_DIR` names; nothing where it is not set.
[[nodiscard]] const std::optional<std::string>& kafka_brokers();

/// What topics and groups of one test begin with, so that no other test sees them.
[[nodiscard]] std::string unique_prefix();

/// Runs tests/support/kafka/broker with these words; what it prints.
std::string run_broker_script(const std::string& words);

}  // namespace sonde::test
