#include "webhook/delivery.hpp"

#include "model/text/text.hpp"
#include "webhook/errc.hpp"

#include <optional>
#include <utility>

namespace sonde::webhook {
namespace {

using std::chrono::seconds;
namespace events = delivery_event;

constexpr std::size_t shown_reason_bytes = 300;
/// Half of the retention of `webhook.requests`: the record of an older message may be gone when it
/// is due.
constexpr std::chrono::hours longest_life{7 * 24};
constexpr unsigned status_gone = 410;

bool is_code(const error& why, errc code) {
  return why.code == make_error_code(code);
}

/// Reports whether an attempt without a response ended on this machine: its message could not be
/// read or decrypted, or the attempt was cancelled.
bool is_local(const error& why) {
  bool of_queue = why.code.category() != make_error_code(errc::unusable).category();
  return of_queue || is_code(why, errc::unusable) || is_code(why, errc::cancelled);
}

}  // namespace

result<> accepted(const attempt_outcome& outcome) {
  if (!outcome) return outcome.error();
  if (outcome->status / 100 == 2 || outcome->status == status_gone) return {};
  auto why = "the receiver answered " + std::to_string(outcome->status);
  if (outcome->status / 100 == 3) why += ", and redirects are not followed";
  return fail(errc::refused, why);
}

receiver_health health_after(const attempt_outcome& outcome) {
  if (!outcome) {
    return is_local(outcome.error()) ? receiver_health::unknown : receiver_health::fails;
  }
  auto status = outcome->status;
  bool overloaded = status / 100 == 5 || status == 429 || status == 408;
  return overloaded ? receiver_health::fails : receiver_health::works;
}

std::size_t delivery::held_bytes() const {
  return held_ ? held_->body.size() + held_->hook.encrypted.size() : 0;
}

delivery_action delivery::on(any_delivery_event event, const delivery_rules& rules) {
  if (phase_ == phase::ended) return delivery_action::none;
  if (phase_ == phase::released) return delivery_action::release;
  return std::visit([&](auto& each) { return handle(each, rules); }, event);
}

delivery_action delivery::enter(phase next, delivery_action action) {
  phase_ = next;
  return action;
}

delivery_action delivery::record_state() {
  bool dead = state_.state == model::delivery_state::dead;
  return enter(phase::recording, dead ? delivery_action::give_up : delivery_action::record);
}

delivery_action delivery::handle(events::message_read& event, const delivery_rules& rules) {
  if (phase_ != phase::fresh) return delivery_action::none;
  if (event.space == room::yes) {
    state_.next_try = rules.plan.next_try(state_.id, 0, state_.created);
  } else {
    state_.state = model::delivery_state::dead;
    state_.reason = "too many messages wait for this receiver";
  }
  return record_state();
}

delivery_action delivery::handle(events::restored& event, const delivery_rules&) {
  bool busy = phase_ == phase::sending || phase_ == phase::recording;
  if (busy && !is_superseded()) return delivery_action::none;
  ownership_ = ownership::ours;
  // The state that is being recorded is newer, unless an operator has sent the message again.
  bool newer = event.state.request > state_.request;
  if (phase_ == phase::recording && !newer) return delivery_action::none;
  state_ = std::move(event.state);
  return busy ? delivery_action::none : enter(phase::waiting, delivery_action::wait);
}

delivery_action delivery::handle(events::recorded&, const delivery_rules&) {
  if (phase_ != phase::recording) return delivery_action::none;
  if (over()) return enter(phase::ended, delivery_action::done);
  if (is_superseded()) return enter(phase::released, delivery_action::release);
  return enter(phase::waiting, delivery_action::wait);
}

delivery_action delivery::handle(events::not_recorded&, const delivery_rules&) {
  if (phase_ != phase::recording) return delivery_action::none;
  return enter(phase::released, delivery_action::release);
}

delivery_action delivery::handle(events::tick& event, const delivery_rules&) {
  if (phase_ != phase::waiting) return delivery_action::none;
  if (event.now < due()) return delivery_action::wait;
  return enter(phase::sending, delivery_action::send);
}

delivery_action delivery::handle(events::attempt_ended& event, const delivery_rules& rules) {
  if (phase_ != phase::sending) return delivery_action::none;
  apply(event, rules);
  if (is_superseded()) return enter(phase::released, delivery_action::release);
  return record_state();
}

/// Computes the state after an attempt.
void delivery::apply(const events::attempt_ended& event, const delivery_rules& rules) {
  const auto& outcome = event.outcome;
  held_.reset();
  ++state_.attempts;
  state_.last_try = event.now;
  state_.next_try.reset();
  state_.status = outcome ? outcome->status : 0;
  state_.reason.clear();
  auto success = accepted(outcome);
  if (success) {
    bool gone = state_.status == status_gone;
    state_.state = gone ? model::delivery_state::gone : model::delivery_state::delivered;
    return;
  }
  state_.reason = model::first_line(success.error().message(), shown_reason_bytes);
  std::optional<seconds> put_off;
  if (outcome) {
    put_off = parse_retry_after(outcome->retry_after, event.now, rules.retry_after_max);
  }
  bool usable = !is_code(success.error(), errc::unusable);
  if (usable && event.now - state_.created < longest_life) {
    state_.next_try = rules.plan.next_try(state_.id, state_.attempts, event.now, put_off);
  }
  if (!state_.next_try) state_.state = model::delivery_state::dead;
}

delivery_action delivery::handle(events::superseded&, const delivery_rules&) {
  ownership_ = ownership::superseded;
  bool busy = phase_ == phase::sending || phase_ == phase::recording;
  return busy ? delivery_action::none : enter(phase::released, delivery_action::release);
}

delivery_action delivery::handle(events::shut_down&, const delivery_rules&) {
  return enter(phase::released, delivery_action::release);
}

}  // namespace sonde::webhook
