#include "scanner/engine/conversation.hpp"

#include "scanner/engine/endpoint_notes.hpp"
#include "scanner/engine/exchange.hpp"
#include "scanner/engine/inner_talk.hpp"
#include "scanner/engine/page_icon.hpp"
#include "scanner/engine/plan.hpp"
#include "scanner/engine/port_manners.hpp"
#include "scanner/engine/response_choice.hpp"

#include <algorithm>
#include <vector>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using exchange_pointer = std::shared_ptr<exchange>;

/// Responses without a name after which no more requests are sent: the banner is kept.
constexpr std::size_t most_nameless = 2;
/// The time for a response to the last request, whatever time has passed before.
constexpr milliseconds last_wait{250};

/// Executes the plan of one open port.
class conversation {
 public:
  conversation(conversation_tools& tools, conversation_partner partner,
               std::chrono::microseconds rtt)
      : tools_(tools),
        rtt_(rtt),
        greets_late_(greets_late(partner.port)),
        one_client_(serves_one_client(partner.port)),
        begun_(tools.time.steady_now()),
        choice_(partner.port),
        with_(std::make_shared<exchange_context>(
            tools, std::move(partner),
            begun_ + milliseconds(tools.bounds.conversation_timeout_ms))),
        notes_(tools, with_->partner) {}

  ~conversation() {
    for (auto& each : exchanges_) {
      if (each->link) each->link->close();
    }
    with_->over = true;
  }
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  awaitable<conversation_result> run(unique_socket socket) {
    bool listening = co_await begin_to_listen(std::move(socket));
    if (listening) co_await settle(*exchanges_.front(), now() + greeting_patience(rtt_));
    bool reset = listening && is(exchanges_.front()->why, errc::reset);
    if (!listening && !dial_reset_) co_return notes_.finish();
    if (reset || dial_reset_) {
      bool again = co_await is_reset_at_once();
      if (again) {
        notes_.not_open();
        co_return notes_.finish();
      }
    }
    co_await look();
    if (!done_) co_await ask();
    if (!done_) note_the_rest();
    note_requests();
    co_await ask_for_icon(*with_, notes_);
    co_return notes_.finish();
  }

 private:
  [[nodiscard]] steady_time now() const { return with_->now(); }
  static bool is(const error& why, errc code) { return why.code == make_error_code(code); }

  // --- the first connection ---

  /// On the socket that found the port open, or, where that could not be kept, on another.
  awaitable<bool> begin_to_listen(unique_socket socket) {
    auto first = std::make_shared<exchange>();
    first->asked = "greeting";
    if (socket) {
      auto port = with_->partner.port;
      connection link(tools_.loop, std::move(socket), with_->partner.address.is_v4(), port);
      auto most = std::size_t{2} * tools_.bounds.handshake_bytes;
      first->link = std::make_shared<channel>(std::move(link), most);
    } else {
      auto link = co_await with_->dial();
      if (!link) {
        dial_reset_ = is(link.error(), errc::reset);
        notes_.take_error(link.error());
        co_return false;
      }
      first->link = std::move(*link);
    }
    ++with_->connections;
    auto until = begun_ + milliseconds(tools_.bounds.greeting_timeout_ms);
    start(first, conduct_greeting(with_, first, until));
    co_return true;
  }

  void start(exchange_pointer which, awaitable<void> work) {
    which->started = now();
    exchanges_.push_back(std::move(which));
    tools_.group.spawn(std::move(work));
  }

  /// A SYN proxy completes the handshake for a port that nobody listens on, and then takes it back.
  awaitable<bool> is_reset_at_once() {
    auto link = co_await with_->dial();
    ++with_->connections;
    if (!link) co_return is(link.error(), errc::refused) || is(link.error(), errc::reset);
    auto said = co_await (*link)->read(1, now() + greeting_patience(rtt_));
    (*link)->close();
    co_return !said && is(said.error(), errc::reset);
  }

  // --- requests ---

  awaitable<void> ask() {
    auto plan = plan_for(with_->partner.port, with_->how_deep());
    if (only_listens()) plan.clear();
    for (const auto& step : plan) {
      if (done_ || choice_.nameless() >= most_nameless || now() >= with_->deadline) break;
      bool again = step.what == plan_step::kind::tls12;
      if (again && !dropped_tls()) continue;
      if (!again && choice_.has_page() && was_asked("http") && was_asked("tls")) break;
      // A busy machine delays the requests, not the server: the usual ones are sent in any case.
      bool enough = is_mute() && with_->connections >= tools_.bounds.conversation_connections;
      if (enough && !again) continue;
      co_await ask_one(step);
    }
    if (!done_) co_await settle_pair(now() + last_wait);
    if (!done_ && choice_.has_page()) co_await await_page();
    bool unheard = !done_ && !plan.empty() && choice_.nameless() == 0 && now() < with_->deadline;
    if (unheard && !greets_late_ && !is_mute()) co_await ask_on_the_first();
    if (!done_) co_await wait_for_late_ones();
  }

  [[nodiscard]] bool only_listens() const {
    return listens_only(with_->partner.port, tools_.industrial);
  }

  /// The port has been silent for so long that nothing more is sent to it.
  [[nodiscard]] bool is_mute() const { return !was_heard() && now() >= mute_time(); }
  [[nodiscard]] bool was_heard() const {
    return choice_.has_page() || choice_.nameless() > 0 ||
           std::ranges::any_of(exchanges_, [](const auto& each) { return has_begun(*each); });
  }
  [[nodiscard]] steady_time mute_time() const {
    return greets_late_ ? with_->deadline : begun_ + mute_limit(rtt_);
  }

  /// The server closed the connection instead of answering a ClientHello of TLS 1.3.
  [[nodiscard]] bool dropped_tls() const {
    return std::ranges::any_of(exchanges_, [](const auto& each) {
      bool dropped = is(each->why, errc::closed) || is(each->why, errc::reset);
      return each->asked == "tls" && each->ended && !has_begun(*each) && dropped;
    });
  }

  awaitable<void> ask_one(const plan_step& step) {
    exchange_pointer on;
    if (step.hinted && first_is_idle()) {
      on = co_await take_first();
      if (done_) co_return;
    }
    if (!on) {
      bool extra = step.what == plan_step::kind::tls12;
      if (!extra && with_->connections >= with_->most_connections) {
        co_await settle_pair(now() + last_wait);
        co_await look();
        co_return;
      }
      if (one_client_ && first_is_idle()) close_first();
      on = std::make_shared<exchange>();
      ++with_->connections;
    }
    start_step(step, on);
    if (step.with_next) {
      paired_ = on;
      co_return;
    }
    auto until = now() + patience_for(step, rtt_);
    if (!was_heard()) until = std::min(until, mute_time());
    co_await settle(*on, until);
    co_await settle_pair(until);
    co_await look();
    // A server may serve one connection at a time, or allow one for each address.
    bool turned_away = on->ended && !has_begun(*on) && !is(on->why, errc::deadline);
    if (!done_ && turned_away && first_is_idle() && !greets_late_) close_first();
  }

  void start_step(const plan_step& step, const exchange_pointer& on) {
    last_asked_ = now();
    if (step.what == plan_step::kind::talk) {
      on->asked = step.module->name;
      return start(on, conduct_talk(with_, on, *step.module));
    }
    bool newest = step.what == plan_step::kind::tls;
    auto highest = newest ? tls::client_offer::version::tls13 : tls::client_offer::version::tls12;
    on->asked = newest ? "tls" : "tls-1.2";
    start(on, conduct_tls(with_, on, highest));
  }

  /// Waits for the request that was sent together with the last one.
  awaitable<void> settle_pair(steady_time until) {
    auto pair = std::exchange(paired_, nullptr);
    if (pair) co_await settle(*pair, until);
  }

  /// The connection that was listened to has been silent, and can still be used.
  [[nodiscard]] bool first_is_idle() const {
    if (exchanges_.empty() || first_closed_) return false;
    const auto& first = *exchanges_.front();
    bool silent = !first.ended || is(first.why, errc::deadline);
    return first.asked == "greeting" && first.link && silent && !has_begun(first);
  }

  /// The connection that was listened to, without its listener. None: the server began to speak.
  awaitable<exchange_pointer> take_first() {
    auto& first = *exchanges_.front();
    if (!first.ended) first.link->interrupt();
    co_await settle(first, with_->deadline);
    co_await look();
    bool silent = is(first.why, errc::cancelled) || is(first.why, errc::deadline);
    if (done_ || !first.ended || !silent) co_return nullptr;
    auto out = std::make_shared<exchange>();
    out->link = std::move(first.link);
    co_return out;
  }

  void close_first() {
    exchanges_.front()->link->close();
    first_closed_ = true;
  }

  /// A server that serves one connection at a time has not seen the others: the first one is its.
  awaitable<void> ask_on_the_first() {
    if (!first_is_idle()) co_return;
    plan_step http{plan_step::kind::talk, &modules::http_module, true, false};
    co_await ask_one(http);
    const auto& last = *exchanges_.back();
    if (done_ || !last.ended || has_begun(last) || is(last.why, errc::deadline)) co_return;
    // It has closed, so that the next one is served.
    bool tls_unanswered = std::ranges::none_of(exchanges_, [](const auto& each) {
      return each->is_tls() && (each->begun || !each->response.empty());
    });
    if (!tls_unanswered) co_return;
    --with_->connections;
    plan_step tls{plan_step::kind::tls, nullptr, true, false};
    co_await ask_one(tls);
  }

  // --- responses ---

  static bool has_begun(const exchange& one) {
    return one.begun || (one.link && one.link->received() > 0);
  }

  /// Until the exchange has ended, or any other has brought something, or `until`. An exchange that
  /// has begun is heard to its end.
  awaitable<void> settle(const exchange& one, steady_time until) {
    while (!one.ended) {
      bool brought = std::ranges::any_of(exchanges_, [](const auto& each) {
        return each->ended && !each->taken && has_begun(*each);
      });
      bool begun = std::ranges::any_of(
          exchanges_, [](const auto& each) { return !each->ended && has_begun(*each); });
      auto limit = begun ? with_->deadline : std::min(until, with_->deadline);
      if (brought || now() >= limit) co_return;
      co_await with_->news.wait_until(limit);
    }
  }

  awaitable<void> wait_for_late_ones() {
    auto silence =
        longest_silence(with_->partner.port, rtt_, milliseconds(tools_.bounds.greeting_timeout_ms));
    auto until = std::min(std::max(begun_ + silence, last_asked_ + last_wait), with_->deadline);
    while (!done_) {
      auto open = std::ranges::find_if(exchanges_, [](const auto& each) { return !each->ended; });
      if (open == exchanges_.end()) break;
      auto last = *open;
      co_await settle(*last, until);
      co_await look();
      if (!last->ended && now() >= until) break;
    }
  }

  /// Takes the outcome of each exchange that has ended.
  awaitable<void> look() {
    for (std::size_t i = 0; i < exchanges_.size() && !done_; ++i) {
      auto each = exchanges_[i];
      if (!each->ended || each->taken) continue;
      each->taken = true;
      if (each->is_tls() && each->link && each->link->speaks_tls()) {
        done_ = true;
        co_await ask_inside_tls(*with_, each->link, each->why, notes_, rtt_);
      } else if (auto seen = service_of(*each)) {
        take_response({each->asked, *seen});
        bool ask_more = done_ && !only_listens();
        bool own_is_left = each->asked != "greeting" && seen->by && !was_asked(seen->by->name);
        if (ask_more && own_is_left) co_await confirm(*with_, *seen->by, talk_place::plain, notes_);
        if (ask_more) co_await ask_known(*with_, *each, std::move(*seen), notes_);
      }
      // A server may wait for the end of this connection before it serves the next one.
      if (each->link && each->asked != "greeting") each->link->close();
    }
  }

  void take_response(kept_response seen) {
    auto best = choice_.take(std::move(seen), {was_heard("http"), was_heard("tls")});
    if (best) settle_for(std::move(*best));
  }

  void settle_for(kept_response best) {
    notes_.take(best.asked, std::move(best.known));
    done_ = true;
  }

  [[nodiscard]] bool was_asked(std::string_view what) const {
    return std::ranges::any_of(exchanges_,
                               [what](const auto& each) { return each->asked == what; });
  }
  [[nodiscard]] bool was_heard(std::string_view what) const {
    return std::ranges::any_of(
        exchanges_, [what](const auto& each) { return each->asked == what && each->taken; });
  }

  /// Hears what may tell more to its end.
  awaitable<void> await_page() {
    for (std::size_t i = 0; i < exchanges_.size() && !done_; ++i) {
      auto each = exchanges_[i];
      if (each->asked != "http" && !each->is_tls()) continue;
      co_await settle(*each, with_->deadline);
      co_await look();
    }
    if (!done_) note_the_rest();
  }

  void note_requests() {
    for (const auto& each : exchanges_) {
      bool remote = is(each->why, errc::refused) || is(each->why, errc::reset) ||
                    is(each->why, errc::silent) || is(each->why, errc::unreachable);
      // What never left this machine says nothing about the target.
      if (!each->link && !remote && each->asked != "greeting") continue;
      auto fate = has_begun(*each) ? std::string("answered") : fate_of(*each);
      auto end = each->ended ? each->ended_at : now();
      notes_.take_request(request_on(each->link.get(), each->asked, fate, end - each->started));
    }
  }

  void note_the_rest() {
    if (auto best = choice_.best()) return settle_for(std::move(*best));
    for (const auto& each : exchanges_) {
      bool interrupted = is(each->why, errc::cancelled);
      if (!interrupted) notes_.take_error(each->why);
    }
  }

  conversation_tools& tools_;
  std::chrono::microseconds rtt_;
  bool greets_late_;  ///< nothing is sent on the connection that is listened to
  bool one_client_;   ///< the first connection is closed before the next one is opened
  steady_time begun_;
  steady_time last_asked_{};
  response_choice choice_;
  std::shared_ptr<exchange_context> with_;
  endpoint_notes notes_;
  std::vector<exchange_pointer> exchanges_;
  exchange_pointer paired_;  ///< its request was sent together with the next one
  bool dial_reset_ = false;
  bool first_closed_ = false;
  bool done_ = false;
};

}  // namespace

awaitable<conversation_result> converse(conversation_tools& tools, conversation_partner partner,
                                        unique_socket first, std::chrono::microseconds rtt) {
  conversation all(tools, std::move(partner), rtt);
  auto out = co_await all.run(std::move(first));
  co_return out;
}

}  // namespace sonde::scanner
