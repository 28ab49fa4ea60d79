#pragma once

#include "queue/errc.hpp"
#include "tests/conformance/queue_fixture.hpp"

#include <set>

namespace sonde::test {

// Steps that the tests in this directory share.

inline constexpr std::int32_t partitions = 3;

/// The topics `log` and `state`. `state` is compacted.
[[nodiscard]] std::vector<queue::topic_spec> two_topics();

/// Runs `check` against each backend, each in a separate subcase.
void against_each(const std::function<void(queue_fixture&, queue::backend&)>& check);

[[nodiscard]] record make_record(std::string topic, std::string key, std::string value);
/// Returns `count` records, each with a different key.
[[nodiscard]] std::vector<record> numbered(const std::string& topic, int count);

/// The error code of `c`, for comparison in one line.
[[nodiscard]] error_code code(queue::errc c);

/// The positions after these records.
[[nodiscard]] std::vector<queue::position> behind(const std::vector<queue::stored_record>& records);
[[nodiscard]] std::multiset<std::string> values(const std::vector<queue::stored_record>& records);

awaitable<std::vector<queue::position>> produce(queue::backend& queue, std::vector<record> batch);
/// Reads until `count` records have arrived.
awaitable<std::vector<queue::stored_record>> read(queue::reader& reader, std::size_t count);
/// Takes deliveries until `count` records have arrived. It follows every change of assignment.
awaitable<std::vector<queue::stored_record>> consume(queue::consumer& consumer, std::size_t count);

}  // namespace sonde::test
