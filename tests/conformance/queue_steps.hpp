#pragma once

#include "queue/errc.hpp"
#include "tests/conformance/queue_fixture.hpp"

#include <set>

namespace sonde::test {

// Steps that the tests of this folder are made of.

inline constexpr std::int32_t partitions = 3;

/// `log`, and `state`, which is compacted.
[[nodiscard]] std::vector<queue::topic_spec> two_topics();

/// Runs `check` against each backend, as a subcase of its own.
void against_each(const std::function<void(queue_fixture&, queue::backend&)>& check);

[[nodiscard]] record make_record(std::string topic, std::string key, std::string value);
/// So many records, each with a key of its own.
[[nodiscard]] std::vector<record> numbered(const std::string& topic, int count);

/// The errors' code, for comparison in one line.
[[nodiscard]] error_code code(queue::errc c);

/// The positions behind these records.
[[nodiscard]] std::vector<queue::position> behind(const std::vector<queue::stored_record>& records);
[[nodiscard]] std::multiset<std::string> values(const std::vector<queue::stored_record>& records);

awaitable<std::vector<queue::position>> produce(queue::backend& queue, std::vector<record> batch);
/// Reads until `count` records have come.
awaitable<std::vector<queue::stored_record>> read(queue::reader& reader, std::size_t count);
/// Takes deliveries until `count` records have come, going along with every change of assignment.
awaitable<std::vector<queue::stored_record>> consume(queue::consumer& consumer, std::size_t count);

}  // namespace sonde::test
