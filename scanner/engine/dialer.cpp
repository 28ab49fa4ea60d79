#include "scanner/engine/dialer.hpp"

namespace sonde::scanner {
namespace {

constexpr std::chrono::milliseconds pause_after_error{50};

/// Waits for the outcome of one attempt; cancels it on destruction.
class one_dial final : public dial_listener {
 public:
  one_dial(executor loop, connector& connector) : connector_(connector), done_(std::move(loop)) {}
  ~one_dial() override { connector_.forget(*this); }
  one_dial(const one_dial&) = delete;
  one_dial& operator=(const one_dial&) = delete;

  void dialed(std::uint64_t, dial_outcome outcome) override {
    outcome_ = std::move(outcome);
    done_.notify_all();
  }

  awaitable<std::optional<dial_outcome>> outcome(steady_time deadline) {
    while (!outcome_) {
      bool in_time = co_await done_.wait_until(deadline);
      if (!in_time) break;
    }
    co_return std::move(outcome_);
  }

 private:
  connector& connector_;
  condition done_;
  std::optional<dial_outcome> outcome_;
};

}  // namespace

dialer::dialer(executor loop, connector& connector, const clock& clock)
    : loop_(loop), connector_(connector), clock_(clock), room_(loop) {}

awaitable<void> dialer::wait_for_room(steady_time deadline) {
  // On every exit, including cancellation, unused room that was left for this dial is offered to
  // others.
  struct place {
    explicit place(dialer& d) : owner(d) { ++owner.waiting_; }
    ~place() {
      --owner.waiting_;
      if (!owner.connector_.full()) owner.connector_.announce_room();
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    dialer& owner;
  };
  place held(*this);
  co_await room_.wait_until(deadline);
}

awaitable<result<connection>> dialer::dial(model::ip_address address, std::uint16_t port,
                                           rate_table::lease rate, permission allowed,
                                           steady_time deadline) {
  asio::steady_timer pause(loop_);
  std::optional<steady_time> turn;
  while (true) {
    if (auto may = allowed(); !may) co_return may.error();
    auto now = clock_.steady_now();
    if (now >= deadline) co_return fail(errc::deadline);
    if (!turn) turn = rate.take(now);
    if (*turn > now) {
      pause.expires_at(std::min(*turn, deadline));
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    if (connector_.full()) {
      co_await wait_for_room(deadline);
      continue;
    }
    turn.reset();
    one_dial attempt(loop_, connector_);
    auto outcome = connector_.dial(address, port, attempt, 0);
    if (!outcome) outcome = co_await attempt.outcome(deadline);
    if (!outcome) co_return fail(errc::silent);
    if (outcome->what == verdict::open && outcome->socket) {
      co_return connection(loop_, std::move(outcome->socket), address.is_v4(), port);
    }
    if (outcome->what != verdict::local || outcome->why != errc::local_error) {
      co_return fail(outcome->why);
    }
    pause.expires_after(pause_after_error);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

}  // namespace sonde::scanner
