#include "webhook/delivery.hpp"

#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"
#include "webhook/errc.hpp"

#include <sstream>
#include <vector>

namespace sonde::webhook {
namespace {

using std::chrono::seconds;
using event = any_delivery_event;
namespace on = delivery_event;

const wall_time created(seconds(1'000'000));

const delivery_rules two_attempts{retry_plan({seconds(10), seconds(100)}), seconds(3'600)};

model::webhook_delivery state_at(std::int64_t request, std::uint32_t attempts = 0) {
  model::webhook_delivery out;
  out.id = model::delivery_id("a");
  out.endpoint = "https://example.com:443";
  out.request = request;
  out.created = created;
  out.attempts = attempts;
  if (attempts > 0) out.next_try = created;
  return out;
}

event answered(unsigned status, std::string retry_after = {}) {
  return on::attempt_ended{created + seconds(60), attempt_response{status, std::move(retry_after)}};
}

event failed(errc code) {
  return on::attempt_ended{created + seconds(60), fail(code, "why")};
}

event queue_failed() {
  return on::attempt_ended{created + seconds(60), fail(queue::errc::out_of_range, "why")};
}

const char* name_of(delivery_action action) {
  switch (action) {
    case delivery_action::none: return "none";
    case delivery_action::record: return "record";
    case delivery_action::give_up: return "give_up";
    case delivery_action::wait: return "wait";
    case delivery_action::send: return "send";
    case delivery_action::done: return "done";
    case delivery_action::release: return "release";
  }
  return "?";
}

/// Passes events to a delivery. Returns the last action.
delivery_action pass(delivery& to, const std::vector<event>& events,
                     const delivery_rules& rules = two_attempts) {
  auto last = delivery_action::none;
  for (const auto& each : events)
    last = to.on(each, rules);
  return last;
}

delivery fresh() {
  return {state_at(7), 3};
}

/// A delivery whose attempt is in progress.
delivery in_flight() {
  auto out = fresh();
  pass(out, {on::message_read(), on::recorded(), on::tick{created + seconds(50)}});
  return out;
}

}  // namespace

TEST_CASE("every event has one effect in every phase of a delivery") {
  const std::vector<event> to_waiting{on::message_read(), on::recorded()};
  auto to_sending = to_waiting;
  to_sending.push_back(on::tick{created + seconds(50)});
  auto with = [](std::vector<event> events, const event& next) {
    events.push_back(next);
    return events;
  };
  const auto to_open = with(to_sending, answered(500));
  const auto to_end = with(to_sending, answered(200));
  const std::vector<event> columns{on::message_read(),
                                   on::restored{state_at(7, 1)},
                                   on::recorded(),
                                   on::not_recorded(),
                                   on::tick{created + seconds(50)},
                                   answered(200),
                                   answered(500),
                                   on::superseded(),
                                   on::shut_down()};
  const struct {
    const char* phase;
    std::vector<event> before;
    /// For: read, restored, recorded, not recorded, tick, 200, 500, superseded, shut down.
    const char* actions;
  } rows[] = {
      {"fresh", {}, "record wait none none none none none release release"},
      {"recording the first state",
       {on::message_read()},
       "none none wait release none none none none release"},
      {"waiting", to_waiting, "none wait none none send none none release release"},
      {"sending", to_sending, "none none none none none record record none release"},
      {"recording an open state", to_open, "none none wait release none none none none release"},
      {"recording the end", to_end, "none none done release none none none none release"},
      {"ended", with(to_end, on::recorded()), "none none none none none none none none none"},
      {"released", with(to_waiting, on::superseded()),
       "release release release release release release release release release"},
      {"sending, superseded", with(to_sending, on::superseded()),
       "none none none none none release release none release"},
      {"recording an open state, superseded", with(to_open, on::superseded()),
       "none none release release none none none none release"},
      {"recording the end, superseded", with(to_end, on::superseded()),
       "none none done release none none none none release"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.phase);
    std::istringstream wanted(row.actions);
    std::string action;
    for (std::size_t column = 0; column < columns.size(); ++column) {
      CAPTURE(column);
      auto one = fresh();
      pass(one, row.before);
      wanted >> action;
      CHECK(name_of(one.on(columns[column], two_attempts)) == action);
    }
  }
}

TEST_CASE(
    "the outcome of an attempt decides the state, the next attempt and the receiver's health") {
  const struct {
    event outcome;
    delivery_action action;
    const char* state;
    const char* reason;
    receiver_health health;
  } cases[] = {
      {answered(200), delivery_action::record, "delivered", "", receiver_health::works},
      {answered(204), delivery_action::record, "delivered", "", receiver_health::works},
      {answered(410), delivery_action::record, "gone", "", receiver_health::works},
      {answered(404), delivery_action::record, "pending", "the receiver answered 404",
       receiver_health::works},
      {answered(302), delivery_action::record, "pending",
       "the receiver answered 302, and redirects are not followed", receiver_health::works},
      {answered(408), delivery_action::record, "pending", "the receiver answered 408",
       receiver_health::fails},
      {answered(429), delivery_action::record, "pending", "the receiver answered 429",
       receiver_health::fails},
      {answered(503), delivery_action::record, "pending", "the receiver answered 503",
       receiver_health::fails},
      {failed(errc::timeout), delivery_action::record, "pending", "why", receiver_health::fails},
      {failed(errc::forbidden), delivery_action::record, "pending", "why", receiver_health::fails},
      {failed(errc::unusable), delivery_action::give_up, "dead", "why", receiver_health::unknown},
      {queue_failed(), delivery_action::record, "pending", "why", receiver_health::unknown},
  };
  for (const auto& each : cases) {
    auto one = in_flight();
    const auto& outcome = std::get<on::attempt_ended>(each.outcome).outcome;
    CAPTURE(each.state);
    CAPTURE(each.reason);
    CHECK(one.on(each.outcome, two_attempts) == each.action);
    CHECK(model::name_of(one.state().state) == each.state);
    CHECK(one.state().reason == each.reason);
    CHECK(one.state().attempts == 1);
    CHECK(one.state().last_try == created + seconds(60));
    CHECK(one.state().status == (outcome ? outcome->status : 0));
    CHECK(one.state().next_try.has_value() == (std::string(each.state) == "pending"));
    CHECK(health_after(outcome) == each.health);
  }
}

TEST_CASE("an attempt starts when it is due, after the pauses of the plan") {
  auto one = fresh();
  CHECK(pass(one, {on::message_read(), on::recorded()}) == delivery_action::wait);
  CHECK(one.due() >= created + seconds(9));
  CHECK(one.on(on::tick{one.due() - std::chrono::milliseconds(1)}, two_attempts) ==
        delivery_action::wait);
  CHECK(one.on(on::tick{one.due()}, two_attempts) == delivery_action::send);
  pass(one, {answered(503, "1000"), on::recorded()});
  CHECK(one.due() >= created + seconds(60 + 900));
}

TEST_CASE("a message for a full queue is abandoned, and its end is recorded") {
  auto one = fresh();
  CHECK(one.on(on::message_read{room::no}, two_attempts) == delivery_action::give_up);
  CHECK(one.state().state == model::delivery_state::dead);
  CHECK(one.state().reason == "too many messages wait for this receiver");
  CHECK(!one.state().next_try);
  CHECK(one.on(on::recorded(), two_attempts) == delivery_action::done);
}

TEST_CASE("the last attempt of the plan, and one after a week, is the last") {
  auto one = in_flight();
  pass(one, {answered(500), on::recorded(), on::tick{created + seconds(1'000)}});
  CHECK(one.on(answered(500), two_attempts) == delivery_action::give_up);
  CHECK(one.state().attempts == 2);
  CHECK(one.state().reason == "the receiver answered 500");
  auto old = in_flight();
  on::attempt_ended late{created + std::chrono::hours(7 * 24), fail(errc::unreachable, "off")};
  CHECK(old.on(late, two_attempts) == delivery_action::give_up);
  CHECK(old.state().attempts == 1);
}

TEST_CASE("an attempt whose partition was lost and came back counts on the state of the topic") {
  auto one = in_flight();
  CHECK(!one.is_superseded());
  pass(one, {on::superseded()});
  CHECK(one.is_superseded());
  pass(one, {on::restored{state_at(7, 1)}});
  CHECK(!one.is_superseded());
  CHECK(one.on(answered(200), two_attempts) == delivery_action::record);
  CHECK(one.state().attempts == 2);
  CHECK(one.on(on::recorded(), two_attempts) == delivery_action::done);
}

TEST_CASE("a message that was sent again by an operator outlives the record of its earlier end") {
  auto one = in_flight();
  pass(one, {failed(errc::unusable), on::superseded(), on::restored{state_at(9, 1)}});
  CHECK(one.on(on::recorded(), two_attempts) == delivery_action::wait);
  CHECK(one.state().request == 9);
  CHECK(one.state().state == model::delivery_state::pending);
}

TEST_CASE("a message is held in memory until its first attempt has ended") {
  auto one = fresh();
  model::webhook_message message;
  message.body = "12345";
  one.hold(std::make_shared<const model::webhook_message>(message));
  pass(one, {on::message_read(), on::recorded(), on::tick{created + seconds(50)}});
  CHECK(one.held_bytes() == 5);
  pass(one, {answered(500)});
  CHECK(one.held_bytes() == 0);
  CHECK(one.held() == nullptr);
}

}  // namespace sonde::webhook
