// No input makes a record larger than `record_max_bytes`, whichever code builds it.

#include "base/record_size.hpp"

#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "model/scan/number_list.hpp"
#include "model/scan/task_fitting.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/model/hostile_values.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t slower = 4;
#else
constexpr std::uint64_t slower = 1;
#endif

/// Returns fewer seeds under a sanitizer, which looks for other faults than sizes.
constexpr std::uint64_t seeds(std::uint64_t usual) {
  return (usual + slower - 1) / slower;
}

using test::hostile_values;

constexpr std::size_t bounds_of_records[] = {least_record_bytes, 200'000, usual_record_bytes};

/// Checks that a truncated snapshot reads back as it was written, and can be folded.
void check_snapshot(const scan_task& task, std::size_t most) {
  auto whole = to_record(task, test::some_time(1));
  CHECK(size_of(whole) <= most);
  auto back = parse_scan_task(whole.value);
  REQUIRE_MESSAGE(back, back.error().message());
  CHECK(back->key == task.key);
  CHECK(back->current.id == task.current.id);
  CHECK(back->results.size() == task.results.size());
  CHECK(back->results_total == task.results_total);
  CHECK(to_record(*back, test::some_time(1)) == whole);
  scan_request cancel;
  cancel.kind = request_kind::cancel;
  cancel.key = back->key;
  cancel.target = back->target;
  cancel.generation = back->current.number;
  cancel.by = "admin";
  auto folded = fold(*back, cancel, back->folded + 1, fold_bounds(16, most));
  CHECK(size_of(to_record(fitted(folded, most), test::some_time(2))) <= most);
}

}  // namespace

TEST_CASE("a snapshot stays within its limit, whatever its target, its callers and its past are") {
  for (std::uint64_t seed = 1; seed <= seeds(6); ++seed) {
    hostile_values random(seed);
    auto task = random.task();
    for (auto most : bounds_of_records) {
      CAPTURE(seed);
      CAPTURE(most);
      check_snapshot(fitted(task, most), most);
    }
  }
}

TEST_CASE("a snapshot that fits loses nothing") {
  hostile_values random(7);
  auto task = random.small_task();
  CHECK(fitted(task, usual_record_bytes) == task);
  CHECK(fitted(task, least_record_bytes) == task);
}

TEST_CASE("a host with 1,100 ports full of quotes has a table that is truncated and marked") {
  auto task = hostile_values(1).small_task();
  for (int port = 1; port <= 1'100; ++port) {
    endpoint_result row;
    row.endpoint = "203.0.113.1:" + std::to_string(port) + "/tcp";
    row.service = entity_id_of("service", row.endpoint);
    row.banner = std::string(200, '"');
    row.certificate = std::string(64, 'a');
    row.subject = std::string(200, '"');
    task.results.push_back(row);
  }
  task.results_total = 1'100;
  REQUIRE(size_of(to_record(task, {})) > usual_record_bytes);
  auto short_one = fitted(task, usual_record_bytes);
  CHECK(size_of(to_record(short_one, {})) <= usual_record_bytes);
  CHECK(short_one.results.size() > 700);
  CHECK(short_one.results.size() < 1'100);
  CHECK(short_one.results_total == 1'100);
  CHECK(short_one.results.front() == task.results.front());
}

TEST_CASE("the requests of results are the first that a snapshot loses, and it is marked") {
  auto task = hostile_values(1).small_task();
  for (int port = 1; port <= 1'000; ++port) {
    endpoint_result row;
    row.endpoint = "203.0.113.1:" + std::to_string(port) + "/tcp";
    row.service = entity_id_of("service", row.endpoint);
    row.banner = std::string(200, 'b');
    for (int i = 0; i < 12; ++i)
      row.requests.push_back({"postgresql", "answered", 100, 2'000, 30});
    task.results.push_back(row);
  }
  task.results_total = 1'000;
  task.past.push_back({"203.0.113.1:7/tcp", task.results.front().service, {}, true});
  REQUIRE(size_of(to_record(task, {})) > usual_record_bytes);
  auto short_one = fitted(task, usual_record_bytes);
  CHECK(size_of(to_record(short_one, {})) <= usual_record_bytes);
  CHECK(short_one.requests_omitted);
  CHECK(short_one.past.size() == 1);
  REQUIRE(short_one.results.size() == 1'000);
  for (const auto& row : short_one.results)
    CHECK(row.requests.empty());
  CHECK(parse_scan_task(to_record(short_one, {}).value).value() == short_one);
}

TEST_CASE("cursors of eight addresses under loss fit whole; cursors of hundreds become coarser") {
  hostile_values random(3);
  auto task = random.small_task();
  task.current.state = task_state::running;
  task.current.outcome.reset();
  task.current.ended.reset();
  for (int i = 1; i <= 8; ++i)
    task.cursors["203.0.113." + std::to_string(i)] = random.worst_cursor();
  CHECK(fitted(task, usual_record_bytes) == task);
  for (int i = 0; i < 500; ++i)
    task.cursors["2001:db8::" + std::to_string(i)] = random.worst_cursor();
  auto coarse = fitted(task, usual_record_bytes);
  CHECK(size_of(to_record(coarse, {})) <= usual_record_bytes);
  for (const auto& [address, cursor] : task.cursors) {
    auto there = coarse.cursors.find(address);
    if (there == coarse.cursors.end()) continue;
    test::check_coarser(there->second, cursor);
  }
}

TEST_CASE("a coarser cursor of any length still probes every port without a verdict") {
  for (std::uint64_t seed = 1; seed <= seeds(20); ++seed) {
    hostile_values random(seed);
    auto cursor = random.worst_cursor();
    for (std::size_t most :
         std::initializer_list<std::size_t>{0, 60, 100, 1'000, 9'000, 12'000, 20'000, 60'000}) {
      auto short_one = coarser(cursor, most);
      test::check_coarser(short_one, cursor);
      if (short_one.index > 0) {
        CHECK(short_one.open.size() + short_one.silent.size() + 50 <= most);
      }
    }
  }
}

TEST_CASE("folding leaves out webhooks for which a snapshot has no room") {
  hostile_values random(5);
  for (auto most : bounds_of_records) {
    std::optional<scan_task> task;
    auto request = random.request();
    request.generation = 1;
    std::int64_t offset = 0;
    std::size_t refused = 0;
    task = fold(task, request, offset++, fold_bounds(16, most));
    for (int i = 0; i < 150; ++i) {
      auto next = request;
      next.kind = i % 9 == 8 ? request_kind::schedule : request_kind::attach;
      next.generation = next.kind == request_kind::schedule ? task->current.number + 1
                                                            : 1 + task->current.number / 2;
      next.webhooks = {random.largest_webhook()};
      fold_bounds bounds(16, most);
      if (leaves_out_webhooks(task, next, offset, bounds)) ++refused;
      task = fold(task, next, offset++, bounds);
      if (!is_terminal(task->current.state)) {
        task = ended(*task, {outcome_kind::complete, "all said"}, test::some_time(i));
      }
      task = promoted(*task, 16);
      auto pending = task->pending.size();
      task = fitted(*task, most);
      CHECK(task->pending.size() == pending);
      CHECK(size_of(to_record(*task, {})) <= most);
    }
    CHECK(refused > 0);
    CHECK(!task->pending.empty());
  }
}

TEST_CASE("webhook messages stay within their limits, and read back") {
  for (std::uint64_t seed = 1; seed <= seeds(3); ++seed) {
    hostile_values random(seed);
    for (auto most : bounds_of_records) {
      auto task = fitted(random.task(), most);
      pending_delivery owed{task.current.number, task.current.id, random.largest_webhook()};
      for (std::size_t most_body : {std::size_t{4'096}, std::size_t{65'536}, most}) {
        auto message = message_of(task, owed, most_body, most);
        CHECK(message.body.size() <= most_body);
        CHECK(message.hook.encrypted == owed.hook.encrypted);
        auto whole = to_record(message, task.traceparent);
        CHECK(size_of(whole) <= most);
        auto back = parse_webhook_message(whole.value);
        REQUIRE_MESSAGE(back, back.error().message());
        CHECK(back->body == message.body);
        CHECK(parse_own(back->body).at("data").at("id") == task.current.id.str());
      }
      webhook_delivery delivery;
      delivery.id = owed.id();
      delivery.task = owed.task;
      delivery.endpoint = owed.hook.endpoint;
      delivery.reason = random.text(100'000);
      auto state = to_record(delivery, test::some_time(3));
      CHECK(size_of(state) <= most);
      CHECK(parse_webhook_delivery(state.value));
    }
  }
}

TEST_CASE("a dead letter of any record stays within its limit and identifies the original") {
  for (std::uint64_t seed = 1; seed <= seeds(40); ++seed) {
    hostile_values random(seed);
    for (auto most : bounds_of_records) {
      auto original = random.record_near(most);
      auto letter =
          to_dead_letter(original, {original.topic, 3, 77}, "parse", random.text(10'000), most);
      CHECK(size_of(letter) <= most);
      auto why = parse_dead_letter(letter);
      REQUIRE_MESSAGE(why, why.error().message());
      CHECK(why->from == record_place{original.topic, 3, 77});
      if (!why->original_bytes) {
        CHECK(letter.value == original.value);
        continue;
      }
      CHECK(*why->original_bytes == original.value.size());
      auto whole = restored(original, *why);
      REQUIRE(whole);
      CHECK(*whole == original);
      auto other = original;
      other.value += "x";
      CHECK(!restored(other, *why));
      record_place stood{letter.topic, 0, 1};
      CHECK(size_of(to_redrive_receipt(letter, stood, stood, test::some_time(1))) <= most);
    }
  }
}

TEST_CASE("attributes of an entity are shortened to any size and keep the main value") {
  for (std::uint64_t seed = 1; seed <= seeds(8); ++seed) {
    hostile_values random(seed);
    auto attributes = random.attributes("banner");
    auto main = attributes.at("banner");
    for (std::size_t most : {std::size_t{5'000}, std::size_t{50'000}, std::size_t{800'000}}) {
      auto short_one = attributes;
      shorten_attributes(short_one, "banner", most);
      CHECK(to_text(short_one).size() <= most);
      CHECK(short_one.at("banner") == main);
      bool same = short_one == attributes;
      CHECK(short_one.contains("truncated") == !same);
      for (const auto& [name, value] : short_one.items()) {
        auto total = short_one.find(name + "-total");
        if (!value.is_array() || total == short_one.end()) continue;
        CHECK(value.size() <= total->get<std::size_t>());
        CHECK(total->get<std::size_t>() == attributes.at(name).size());
      }
    }
  }
}

TEST_CASE("records with fields limited at input fit the smallest record limit") {
  for (std::uint64_t seed = 1; seed <= seeds(40); ++seed) {
    hostile_values random(seed);
    CHECK(size_of(to_record(random.key())) <= least_record_bytes);
    CHECK(size_of(to_record(key_use{random.key().id, test::some_time(1)})) <= least_record_bytes);
    CHECK(size_of(to_record(random.progress())) <= least_record_bytes);
    CHECK(size_of(to_record(lease{random.name(128), 5, test::some_time(1)})) <= least_record_bytes);
    auto request = random.request();
    request.webhooks = {random.largest_webhook()};
    auto written = to_record(request, "request");
    CHECK(size_of(written) <= least_record_bytes);
    CHECK(parse_scan_request(written.value).value() == request);
    CHECK(size_of(to_record(random.answer(28'000))) <= least_record_bytes);
  }
}

TEST_CASE("a set of numbers is as short as a bitmap, and reads back") {
  CHECK(number_list({}).empty());
  CHECK(number_list({22, 80, 81}) == "22,80-81");
  CHECK(number_list({65'535}) == "65535");
  for (std::uint64_t seed = 1; seed <= seeds(20); ++seed) {
    hostile_values random(seed);
    auto numbers = random.numbers();
    auto text = number_list(numbers);
    CHECK(text.size() <= longest_number_list);
    CHECK(parse_number_list(text).value() == numbers);
  }
  CHECK(!parse_number_list("bits:%%"));
  CHECK(!parse_number_list("80-"));
  CHECK(!parse_number_list("bits:" + std::string(20'000, 'A')));
}

TEST_CASE("a text is cut to its encoded size, never within a code point") {
  CHECK(cut_encoded("\"\"\"", 4) == "\"\"");
  CHECK(cut_encoded("aé€😀", 6) == "aé€");
  CHECK(cut_encoded("\x01\x01", 7) == "\x01");
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcdef", 5) == "ab…");
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    auto text = hostile_values(seed).text(300);
    auto encoded = to_text(json(text)).size() - 2;
    CHECK(encoded_size(text) >= encoded);
    auto cut = cut_encoded(text, 100);
    CHECK(to_text(json(std::string(cut))).size() - 2 <= 100);
    CHECK((cut.size() == text.size() || encoded_size(text) > 90));
  }
}

}  // namespace sonde::model
