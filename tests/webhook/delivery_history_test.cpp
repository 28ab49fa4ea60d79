#include "webhook/delivery_history.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::webhook {
namespace {

using model::delivery_state;

const model::delivery_id id_a("a");

model::webhook_delivery recorded_state(const std::string& id, std::int64_t request,
                                       delivery_state state, std::uint32_t attempts = 0) {
  model::webhook_delivery out;
  out.id = model::delivery_id(id);
  out.request = request;
  out.state = state;
  out.attempts = attempts;
  return out;
}

/// `id:request:attempts` of each open message, sorted.
std::string open_in(delivery_history& history) {
  auto open = history.take_open();
  std::ranges::sort(open, {}, [](const open_state& each) { return each.state.id; });
  std::string out;
  for (const auto& each : open)
    out += each.state.id.str() + ":" + std::to_string(each.state.request) + ":" +
           std::to_string(each.state.attempts) + " ";
  return out;
}

}  // namespace

TEST_CASE("the last open state of a message continues, and an ended message does not") {
  delivery_history history;
  history.begin_replay();
  history.replay(0, recorded_state("a", 1, delivery_state::pending));
  history.replay(1, recorded_state("b", 1, delivery_state::pending));
  history.replay(0, recorded_state("a", 1, delivery_state::pending, 1));
  history.replay(1, recorded_state("b", 1, delivery_state::gone, 1));
  CHECK(open_in(history) == "a:1:1 ");
  CHECK(open_in(history).empty());
  CHECK(history.has_ended(model::delivery_id("b"), 1));
  CHECK(!history.has_ended(id_a, 1));
}

TEST_CASE("an open state that a former owner writes after the end is ignored") {
  delivery_history history;
  history.replay(0, recorded_state("a", 1, delivery_state::delivered, 1));
  history.replay(0, recorded_state("a", 1, delivery_state::pending, 2));
  CHECK(open_in(history).empty());
}

TEST_CASE("an end that is recorded during a replay counts") {
  delivery_history history;
  history.begin_replay();
  history.replay(0, recorded_state("a", 1, delivery_state::pending));
  history.end(id_a, 1);
  CHECK(open_in(history).empty());
}

TEST_CASE("a message that is sent again by an operator is open until its own end") {
  delivery_history history;
  history.replay(0, recorded_state("a", 1, delivery_state::dead, 3));
  CHECK(!history.is_new(id_a, 5, message_origin::produced));
  CHECK(!history.is_new(id_a, 1, message_origin::redriven));
  CHECK(history.is_new(id_a, 5, message_origin::redriven));
  history.replay(0, recorded_state("a", 5, delivery_state::pending));
  history.replay(0, recorded_state("a", 1, delivery_state::dead, 3));
  history.replay(0, recorded_state("a", 1, delivery_state::pending, 2));
  CHECK(open_in(history) == "a:5:0 ");
  history.end(id_a, 5);
  history.end(id_a, 1);
  CHECK(history.has_ended(id_a, 5));
}

TEST_CASE("a new replay forgets the open states of the one before, but no end") {
  delivery_history history;
  history.replay(0, recorded_state("a", 1, delivery_state::pending));
  history.replay(0, recorded_state("b", 1, delivery_state::dead));
  history.begin_replay();
  CHECK(open_in(history).empty());
  CHECK(history.has_ended(model::delivery_id("b"), 1));
}

TEST_CASE("the latest ends are remembered, and the oldest are forgotten") {
  delivery_history history;
  for (std::size_t i = 0; i <= delivery_history::most_ends; ++i)
    history.end(model::delivery_id(std::to_string(i)), 0);
  CHECK(!history.has_ended(model::delivery_id("0"), 0));
  CHECK(history.has_ended(model::delivery_id("1"), 0));
}

}  // namespace sonde::webhook
