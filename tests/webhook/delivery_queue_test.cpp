#include "webhook/delivery_queue.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::webhook {
namespace {

wall_time at(int second) {
  return wall_time(std::chrono::seconds(1'000'000 + second));
}

/// A delivery that waits until `due`.
delivery message(const std::string& id, const std::string& endpoint, int due,
                 std::int32_t partition = 0) {
  model::webhook_delivery state;
  state.id = model::delivery_id(id);
  state.endpoint = endpoint;
  state.next_try = at(due);
  return {std::move(state), partition};
}

model::delivery_id id_of(const delivery& one) {
  return one.state().id;
}

/// The ids of all deliveries that may be sent now.
std::string taken(delivery_queue& from, int second, std::vector<delivery>* keep = nullptr) {
  std::string out;
  while (auto one = from.take(at(second))) {
    out += one->state().id.str() + " ";
    if (keep != nullptr) keep->push_back(std::move(*one));
  }
  return out;
}

limits small() {
  limits out;
  out.webhook_in_flight = 4;
  out.webhook_endpoint_in_flight = 2;
  out.webhook_endpoint_queued = 4;
  out.webhook_queued = 6;
  return out;
}

}  // namespace

TEST_CASE("deliveries are taken when they are due, the earliest first") {
  auto bounds = small();
  delivery_queue b(bounds);
  b.add(message("c", "z", 3));
  b.add(message("a", "x", 1));
  b.add(message("b", "y", 2));
  CHECK(b.next_due() == at(1));
  CHECK(taken(b, 0).empty());
  CHECK(taken(b, 2) == "a b ");
  CHECK(b.next_due() == at(3));
  CHECK(b.knows(model::delivery_id("a")));
  CHECK(b.waiting() == 1);
  CHECK(b.in_flight() == 2);
}

TEST_CASE("one endpoint gets deliveries up to its limit, and one at a time while it fails") {
  auto bounds = small();
  delivery_queue b(bounds);
  std::vector<delivery> flying;
  for (const char* id : {"a", "b", "c", "d"})
    b.add(message(id, "dead", 0));
  CHECK(taken(b, 1, &flying) == "a b ");
  b.add(message("e", "good", 0));
  CHECK(taken(b, 1, &flying) == "e ");
  b.put_back(message("a", "dead", 100), receiver_health::fails);
  CHECK(taken(b, 1).empty());  // b is still in flight to this endpoint
  b.finish(id_of(flying[1]), receiver_health::fails);
  std::vector<delivery> one;
  CHECK(taken(b, 1, &one) == "c ");
  b.finish(id_of(one[0]), receiver_health::works);
  CHECK(taken(b, 1) == "d ");
  CHECK(b.next_due() == at(100));
}

TEST_CASE("an attempt that ends on this machine changes nothing for its receiver") {
  auto bounds = small();
  delivery_queue b(bounds);
  std::vector<delivery> flying;
  for (const char* id : {"a", "b", "c", "d", "e"})
    b.add(message(id, "x", 0));
  CHECK(taken(b, 1, &flying) == "a b ");
  b.finish(id_of(flying[0]), receiver_health::unknown);
  CHECK(taken(b, 1, &flying) == "c ");  // two at a time, as before
  b.finish(id_of(flying[1]), receiver_health::fails);
  b.finish(id_of(flying[2]), receiver_health::unknown);
  CHECK(taken(b, 1) == "d ");  // one at a time: the receiver still fails
}

TEST_CASE("all endpoints together get deliveries up to the total limit") {
  auto bounds = small();
  delivery_queue b(bounds);
  for (const char* id : {"a", "b", "c", "d", "e", "f"})
    b.add(message(id, id, 0));
  CHECK(taken(b, 1) == "a b c d ");
  CHECK(!b.next_due());
}

TEST_CASE(
    "a full delivery queue has room soon while it moves, and none after a failure or a wait") {
  auto bounds = small();
  delivery_queue b(bounds);
  for (const char* id : {"a", "b", "c", "d"})
    b.add(message(id, "x", 0));
  CHECK(b.room_for("x") == room::soon);
  CHECK(b.room_for("y") == room::yes);
  b.give_up_waiting_for("x");
  CHECK(b.room_for("x") == room::no);
  std::vector<delivery> flying;
  CHECK(taken(b, 1, &flying) == "a b ");
  CHECK(b.room_for("x") == room::yes);
  for (const char* id : {"e", "f"})
    b.add(message(id, "x", 0));
  CHECK(b.room_for("x") == room::soon);
  b.finish(id_of(flying[0]), receiver_health::fails);
  CHECK(b.room_for("x") == room::no);
  b.add(message("g", "y", 0));
  b.add(message("h", "y", 0));
  CHECK(b.room_for("z") == room::soon);
}

TEST_CASE("waiting deliveries of a lost partition are dropped, and those in flight are not") {
  auto bounds = small();
  delivery_queue b(bounds);
  b.add(message("a", "x", 0, 1));
  b.add(message("b", "x", 5, 1));
  b.add(message("c", "x", 7, 2));
  std::vector<delivery> flying;
  CHECK(taken(b, 1, &flying) == "a ");
  b.keep_waiting_of({2});
  CHECK(b.waiting() == 1);
  CHECK(b.knows(model::delivery_id("a")));
  CHECK(!b.knows(model::delivery_id("b")));
  CHECK(b.next_due() == at(7));
  b.finish(id_of(flying[0]), receiver_health::works);
  b.keep_waiting_of({});
  CHECK(b.waiting() == 0);
  CHECK(!b.next_due());
}

TEST_CASE("held messages count while they wait") {
  auto bounds = small();
  delivery_queue b(bounds);
  auto one = message("a", "x", 0);
  model::webhook_message held;
  held.body = "12345";
  one.hold(std::make_shared<const model::webhook_message>(held));
  b.add(one);
  CHECK(b.held_bytes() == 5);
  CHECK(b.take(at(1)).has_value());
  CHECK(b.held_bytes() == 0);
}

}  // namespace sonde::webhook
