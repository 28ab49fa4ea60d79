#include "webhook/board.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::webhook {
namespace {

wall_time at(int second) {
  return wall_time(std::chrono::seconds(1'000'000 + second));
}

open_delivery message(const std::string& id, const std::string& endpoint, int due,
                      std::int32_t partition = 0) {
  open_delivery out;
  out.state.id = model::delivery_id(id);
  out.state.endpoint = endpoint;
  out.state.next_try = at(due);
  out.partition = partition;
  return out;
}

/// The ids of all that may be sent now.
std::string taken(board& from, int second, std::vector<open_delivery>* keep = nullptr) {
  std::string out;
  while (auto one = from.take(at(second))) {
    out += one->state.id.str() + " ";
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

TEST_CASE("messages are taken when they are due, the earliest first") {
  auto bounds = small();
  board b(bounds);
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

TEST_CASE("one receiver gets so many at once, and one while it fails") {
  auto bounds = small();
  board b(bounds);
  std::vector<open_delivery> flying;
  for (const char* id : {"a", "b", "c", "d"})
    b.add(message(id, "dead", 0));
  CHECK(taken(b, 1, &flying) == "a b ");
  b.add(message("e", "good", 0));
  CHECK(taken(b, 1, &flying) == "e ");
  auto again = flying[0];
  again.state.next_try = at(100);
  b.put_back(again, false);
  CHECK(taken(b, 1).empty());  // b is still on its way there
  b.finish(flying[1], false);
  std::vector<open_delivery> one;
  CHECK(taken(b, 1, &one) == "c ");
  b.finish(one[0], true);
  CHECK(taken(b, 1) == "d ");
  CHECK(b.next_due() == at(100));
}

TEST_CASE("all receivers together get so many at once") {
  auto bounds = small();
  board b(bounds);
  for (const char* id : {"a", "b", "c", "d", "e", "f"})
    b.add(message(id, id, 0));
  CHECK(taken(b, 1) == "a b c d ");
  CHECK(!b.next_due());
}

TEST_CASE("a full line has room soon while it moves, and none once it fails or was waited for") {
  auto bounds = small();
  board b(bounds);
  for (const char* id : {"a", "b", "c", "d"})
    b.add(message(id, "x", 0));
  CHECK(b.room_for("x") == board::room::soon);
  CHECK(b.room_for("y") == board::room::yes);
  b.give_up_waiting_for("x");
  CHECK(b.room_for("x") == board::room::no);
  std::vector<open_delivery> flying;
  CHECK(taken(b, 1, &flying) == "a b ");
  CHECK(b.room_for("x") == board::room::yes);
  for (const char* id : {"e", "f"})
    b.add(message(id, "x", 0));
  CHECK(b.room_for("x") == board::room::soon);
  b.finish(flying[0], false);
  CHECK(b.room_for("x") == board::room::no);
  b.add(message("g", "y", 0));
  b.add(message("h", "y", 0));
  CHECK(b.room_for("z") == board::room::soon);
}

TEST_CASE("what waits of a lost partition is forgotten, what is on its way is not") {
  auto bounds = small();
  board b(bounds);
  b.add(message("a", "x", 0, 1));
  b.add(message("b", "x", 5, 1));
  b.add(message("c", "x", 7, 2));
  std::vector<open_delivery> flying;
  CHECK(taken(b, 1, &flying) == "a ");
  b.keep_waiting_of({2});
  CHECK(b.waiting() == 1);
  CHECK(b.knows(model::delivery_id("a")));
  CHECK(!b.knows(model::delivery_id("b")));
  CHECK(b.next_due() == at(7));
  b.finish(flying[0], true);
  b.keep_waiting_of({});
  CHECK(b.waiting() == 0);
  CHECK(!b.next_due());
}

TEST_CASE("held messages are counted while they wait") {
  auto bounds = small();
  board b(bounds);
  auto one = message("a", "x", 0);
  model::webhook_message held;
  held.body = "12345";
  one.held = std::make_shared<const model::webhook_message>(held);
  b.add(one);
  CHECK(b.held_bytes() == 5);
  CHECK(b.take(at(1)).has_value());
  CHECK(b.held_bytes() == 0);
}

}  // namespace sonde::webhook
