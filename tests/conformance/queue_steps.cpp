#include "tests/conformance/queue_steps.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>
#include <map>

namespace sonde::test {

using queue::backend;
using queue::position;
using queue::stored_record;

using test::queue_fixture;

std::vector<queue::topic_spec> two_topics() {
  return {{.name = "log", .partitions = partitions},
          {.name = "state",
           .partitions = partitions,
           .policy = queue::cleanup::compact,
           .compaction_lag = std::chrono::milliseconds(0)}};
}

void against_each(const std::function<void(queue_fixture&, backend&)>& check) {
  for (const auto& kind : queue_kinds()) {
    DOCTEST_SUBCASE(kind.name.c_str()) {
      auto fixture = kind.make();
      check(*fixture, fixture->open(two_topics()));
    }
  }
}

record make_record(std::string topic, std::string key, std::string value) {
  return {std::move(topic), std::move(key), std::move(value), {}};
}

error_code code(queue::errc c) {
  return make_error_code(c);
}

awaitable<std::vector<stored_record>> read(queue::reader& reader, std::size_t count) {
  std::vector<stored_record> out;
  while (out.size() < count) {
    auto batch = co_await reader.read();
    REQUIRE(batch);
    std::ranges::move(*batch, std::back_inserter(out));
  }
  co_return out;
}

awaitable<std::vector<stored_record>> consume(queue::consumer& consumer, std::size_t count) {
  std::vector<stored_record> out;
  while (out.size() < count) {
    auto next = co_await consumer.next();
    REQUIRE(next);
    if (auto* records = std::get_if<std::vector<stored_record>>(&*next)) {
      std::ranges::move(*records, std::back_inserter(out));
    }
  }
  co_return out;
}

std::vector<position> behind(const std::vector<stored_record>& records) {
  std::map<std::int32_t, position> last;
  for (const auto& r : records) {
    auto place = r.place();
    ++place.offset;
    auto& held = last[r.partition];
    if (held.topic.empty() || held.offset < place.offset) held = place;
  }
  std::vector<position> out;
  for (auto& [partition, place] : last)
    out.push_back(std::move(place));
  return out;
}

std::multiset<std::string> values(const std::vector<stored_record>& records) {
  std::multiset<std::string> out;
  for (const auto& r : records)
    out.insert(r.what.value);
  return out;
}

awaitable<std::vector<position>> produce(backend& queue, std::vector<record> batch) {
  auto places = co_await queue.produce(std::move(batch));
  REQUIRE(places);
  co_return std::move(*places);
}

std::vector<record> numbered(const std::string& topic, int count) {
  std::vector<record> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(make_record(topic, "key " + std::to_string(i), "value " + std::to_string(i)));
  }
  return out;
}

}  // namespace sonde::test
