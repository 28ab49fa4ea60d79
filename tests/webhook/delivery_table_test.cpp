#include "webhook/delivery_table.hpp"

#include "tests/support/doctest.hpp"
#include "webhook/errc.hpp"

namespace sonde::webhook {
namespace {

using std::chrono::seconds;

const wall_time table_time(seconds(1'000'000));

model::webhook_delivery table_state(model::delivery_state state) {
  model::webhook_delivery out;
  out.id = model::delivery_id("a");
  out.endpoint = "https://example.com:443";
  out.created = table_time;
  out.state = state;
  return out;
}

/// A table that owns partition 0 and has one waiting delivery.
struct one_waiting {
  one_waiting() {
    table.begin_replay({0});
    table.end_replay();
    table.accept(table_state(model::delivery_state::pending), 0, room::yes);
    table.recorded(model::delivery_id("a"));
  }
  void assign_again(model::delivery_state last) {
    table.begin_replay({0});
    table.replay(0, table_state(last));
    table.end_replay();
  }

  limits bounds;
  delivery_table table{{retry_plan({seconds(0)}), seconds(0)}, bounds};
};

}  // namespace

TEST_CASE("an assignment keeps only the waiting deliveries that are open on the topic") {
  one_waiting t;
  CHECK(t.table.size() == 1);
  t.assign_again(model::delivery_state::pending);
  CHECK(t.table.size() == 1);
  t.assign_again(model::delivery_state::delivered);
  CHECK(t.table.size() == 0);
  CHECK(t.table.take(table_time) == nullptr);
}

TEST_CASE("a message that cannot be decrypted does not count against its receiver") {
  one_waiting t;
  for (const char* id : {"b", "c"}) {
    auto state = table_state(model::delivery_state::pending);
    state.id = model::delivery_id(id);
    t.table.accept(std::move(state), 0, room::yes);
    t.table.recorded(model::delivery_id(id));
  }
  t.bounds.webhook_endpoint_in_flight = 2;
  const auto* next = t.table.take(table_time);
  REQUIRE(next != nullptr);
  auto id = next->state().id;
  auto step = t.table.attempt_ended(id, table_time, fail(errc::unusable, "another secret"));
  CHECK(step.action == delivery_action::give_up);
  CHECK(t.table.recorded(id).action == delivery_action::done);
  CHECK(t.table.take(table_time) != nullptr);
  CHECK(t.table.take(table_time) != nullptr);
}

TEST_CASE("the outcome of an attempt is dropped if the topic says that the delivery has ended") {
  one_waiting t;
  const auto* next = t.table.take(table_time);
  REQUIRE(next != nullptr);
  t.assign_again(model::delivery_state::delivered);
  model::delivery_id id("a");
  CHECK(t.table.is_superseded(id));
  auto step = t.table.attempt_ended(id, table_time, attempt_response{500, {}});
  CHECK(step.action == delivery_action::release);
  CHECK(t.table.size() == 0);
  CHECK(!t.table.is_new(id, 0, message_origin::produced));
}

}  // namespace sonde::webhook
