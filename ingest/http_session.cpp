#include "ingest/http_session.hpp"

#include "base/async/alarm.hpp"
#include "ingest/problem.hpp"
#include "ingest/request_gate.hpp"
#include "ingest/request_reader.hpp"
#include "ingest/request_rules.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace sonde::ingest {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;
using outcome = byte_link::outcome;
using maybe_refused = std::optional<refusal>;

/// Beyond it the space for bytes that have arrived is given back with them.
constexpr std::size_t kept_space = 512;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return out;
}

class session {
 public:
  session(stream_socket socket, peer_address peer, session_host& host)
      : socket_(std::move(socket)),
        peer_(std::move(peer.prefix)),
        host_(host),
        link_(host.link(socket_.native_handle())),
        alarm_(socket_.get_executor(), [this] { interrupt(); }) {
    if (!peer.own) member_.address = peer_;
    member_.give_way = [this] {
      gave_way_ = true;
      interrupt();
    };
    host_.book.enter(member_);
  }
  ~session() {
    hold(0);
    host_.book.leave(member_);
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  awaitable<void> run() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay(true), ignored);  // no such thing on a UNIX socket
    bool go_on = co_await open();
    while (go_on && !host_.stopping) {
      bool begun = co_await wait_for_request();
      if (!begun) break;
      go_on = co_await serve_one();
    }
    link_->close();
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    if (refused_ && !gave_way_ && !host_.stopping) co_await drop_the_rest();
  }

 private:
  void interrupt() {
    error_code ignored;
    socket_.cancel(ignored);
  }

  /// The peer's time for what follows; `alarm_.disarm` ends it.
  void set_time(std::uint32_t timeout_ms) {
    alarm_.arm(std::chrono::steady_clock::now() + milliseconds(timeout_ms));
  }

  /// From now on this is a connection that can be asked to go.
  peers_turn turn_of_peer(bool idle) {
    if (host_.wants_room) host_.room.notify_all();
    return {host_.book, member_, idle};
  }

  /// Until the descriptor is ready. False: the time is over, or this has to give way.
  awaitable<bool> wait(outcome what) {
    error_code failed;
    auto kind =
        what == outcome::wait_write ? asio::socket_base::wait_write : asio::socket_base::wait_read;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    if (gave_way_) co_return false;
    co_await socket_.async_wait(kind, token);
    co_return !failed && !alarm_.rang() && !gave_way_;
  }

  awaitable<bool> open() {
    auto step = link_->open();
    if (step.what != outcome::done) {
      set_time(host_.bounds.http_header_timeout_ms);
      auto turn = turn_of_peer(true);
      while (step.what == outcome::wait_read || step.what == outcome::wait_write) {
        bool ready = co_await wait(step.what);
        if (!ready) co_return false;
        step = link_->open();
      }
      alarm_.disarm();
    }
    host_.certificates.note(*link_, member_.address);
    if (link_->proved() == byte_link::proof::refused) {
      // A request may be on its way behind the certificate; the alert is to be read all the same.
      link_ = make_plain_link(socket_.native_handle());
      refused_ = true;
    }
    co_return step.what == outcome::done;
  }

  /// Now: a certificate can have ended, or its authority be no longer believed.
  [[nodiscard]] bool by_gateway() {
    return host_.by_gateway || link_->proved() == byte_link::proof::listed;
  }

  /// What has arrived and was not judged yet.
  [[nodiscard]] std::string_view rest() const { return std::string_view(held_).substr(used_); }

  void use(std::size_t size) {
    used_ += size;
    if (used_ < held_.size()) return;
    used_ = 0;
    held_.clear();
    if (held_.capacity() > kept_space) held_.shrink_to_fit();
  }

  /// Takes what comes next. False: it has gone, or `wait` has ended.
  awaitable<bool> receive() {
    auto next = link_->holds_more() ? outcome::done : outcome::wait_read;
    while (true) {
      if (next != outcome::done) {
        bool ready = co_await wait(next);
        if (!ready) co_return false;
      }
      auto got = link_->read(host_.scratch);
      if (got.what == outcome::over) co_return false;
      next = got.what;
      if (next != outcome::done) continue;
      held_.append(host_.scratch.data(), got.bytes);
      co_return true;
    }
  }

  /// Waits for the first byte of the next request. False: there is none.
  awaitable<bool> wait_for_request() {
    if (!rest().empty()) co_return true;
    set_time(host_.bounds.http_idle_timeout_ms);
    auto turn = turn_of_peer(true);
    bool came = co_await receive();
    alarm_.disarm();
    co_return came;
  }

  /// Closing a socket that has not been read to its end resets the connection, and the peer may
  /// lose the answer that says why its request was refused (RFC 9112, section 9.6).
  awaitable<void> drop_the_rest() {
    set_time(host_.bounds.http_linger_ms);
    auto turn = turn_of_peer(true);
    std::size_t dropped = 0;
    while (dropped < host_.bounds.http_linger_bytes) {
      use(rest().size());
      bool came = co_await receive();
      if (!came) break;
      dropped += rest().size();
    }
    alarm_.disarm();
  }

  /// False: this was the last request of the connection.
  awaitable<bool> serve_one() {
    auto id = host_.process_id + "-" + std::to_string(++host_.requests);
    request_gate gate(host_.bounds);
    auto refused = co_await receive_head(gate);
    alarm_.disarm();
    if (gone_) co_return false;
    bool keep = false;
    if (refused) {
      co_await refuse(gate, *refused, id);
    } else {
      keep = co_await serve_passed(gate, id);
    }
    hold(0);
    co_return keep;
  }

  /// What is to be said to a peer whose next byte has not come; nothing to one that has gone.
  maybe_refused why_nothing_came() {
    if (gave_way_) return refusal{408, "the request came slowly, and others need the connection"};
    if (alarm_.rang()) return refusal{408, "the request did not arrive in time"};
    gone_ = true;
    return std::nullopt;
  }

  awaitable<maybe_refused> receive_head(request_gate& gate) {
    set_time(host_.bounds.http_header_timeout_ms);
    auto turn = turn_of_peer(false);
    while (true) {
      auto seen = gate.look(rest());
      use(gate.passed());
      if (seen == request_gate::verdict::refused) co_return gate.why();
      if (seen == request_gate::verdict::head) break;
      bool came = co_await receive();
      if (!came) co_return why_nothing_came();
    }
    bool foreign = !gate.host().empty() && !is_local_authority(gate.host());
    if (foreign && host_.local_names_only && !by_gateway()) {
      co_return refusal{421, "Host: this server answers to localhost and loopback addresses only"};
    }
    co_return std::nullopt;
  }

  /// Accounts for a body of this size. False: too much is held of other large ones.
  bool hold(std::uint64_t body) {
    auto share = host_.bounds.http_body_share_bytes;
    auto beyond = body > share ? body - share : 0;
    auto all = host_.large_bodies - beyond_share_ + beyond;
    if (beyond > beyond_share_ && all > host_.bounds.http_bodies_bytes) return false;
    host_.large_bodies = all;
    beyond_share_ = beyond;
    return true;
  }

  awaitable<maybe_refused> receive_body(request_gate& gate, request_reader& reader) {
    set_time(host_.bounds.http_body_timeout_ms);
    auto turn = turn_of_peer(false);
    bool agreed = reader.take(gate.head());
    std::uint64_t size = 0;
    while (true) {
      auto seen = gate.look(rest());
      agreed = agreed && reader.take(rest().substr(0, gate.passed()));
      size += gate.passed();
      if (!hold(size)) {
        co_return refusal{503, "this server holds as many large bodies as it may; try again later"};
      }
      use(gate.passed());
      if (seen == request_gate::verdict::refused) co_return gate.why();
      if (seen == request_gate::verdict::whole) break;
      bool came = co_await receive();
      if (!came) co_return why_nothing_came();
    }
    agreed = agreed && reader.done() && reader.target() == gate.target();
    if (agreed) co_return std::nullopt;
    co_return refusal{400, "the request is not HTTP/1.1: it can be read in two ways"};
  }

  awaitable<bool> serve_passed(request_gate& gate, std::string id) {
    http_request request;
    request.id = id;
    request.method = gate.method();
    maybe_refused refused;
    if (gate.origin() == "*") {
      request.path = gate.origin();
    } else if (!parse_request_target(gate.origin(), request)) {
      refused = refusal{400, "the request target is no path"};
    }
    request_reader reader;
    if (!refused && gate.has_body() && gate.awaits_continue()) {
      (void)co_await write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (!refused) refused = co_await receive_body(gate, reader);
    alarm_.disarm();
    if (gone_) co_return false;
    if (refused) {
      co_await refuse(gate, *refused, id);
      co_return false;
    }
    for (auto& [name, value] : reader.fields()) {
      auto known = lower(name);
      bool first = request.headers.emplace(known, std::move(value)).second;
      if (!first) request.repeated.insert(std::move(known));
    }
    request.peer = peer_;
    request.by_gateway = by_gateway();
    request.body = reader.take_body();
    co_return co_await serve(std::move(request), reader.keep_alive());
  }

  awaitable<bool> serve(http_request request, bool keep) {
    bool head = request.method == "HEAD";
    auto body = std::move(request.body);
    auto shown = request;
    request.body = std::move(body);
    auto answer = co_await handle(std::move(request));
    note_answer(shown, answer);
    keep = keep && !answer.close && !host_.stopping;
    auto wire = to_wire(std::move(answer), head, keep);
    bool written = co_await write(std::move(wire));
    co_return written&& keep;
  }

  awaitable<void> refuse(const request_gate& gate, const refusal& why, std::string id) {
    http_request request;
    request.id = id;
    request.method = gate.method();
    if (!parse_request_target(gate.origin(), request)) request.path.clear();
    auto answer = problem(why.status, why.sentence, id);
    note_answer(request, answer);
    refused_ = co_await write(to_wire(answer, false, false));
  }

  /// What a handler throws is its own mistake, and no reason to leave the peer without an answer.
  awaitable<http_response> handle(http_request request) {
    auto id = request.id;
    try {
      auto begun = std::chrono::steady_clock::now();
      auto answer = co_await host_.handler(std::move(request));
      host_.counts.took(std::chrono::steady_clock::now() - begun);
      co_return answer;
    } catch (const std::exception& e) {
      host_.log.error("a handler failed", {{"id", id}, {"what", e.what()}});
    }
    co_return problem(500, "something went wrong here; the log knows more", id);
  }

  /// As far as the peer takes it. False: not to the end.
  awaitable<bool> write(std::string bytes) {
    auto unsent = std::string_view(bytes);
    auto step = write_some(unsent);
    if (unsent.empty() || step == outcome::over) co_return unsent.empty();
    set_time(host_.bounds.http_write_timeout_ms);
    auto turn = turn_of_peer(false);
    while (!unsent.empty() && step != outcome::over) {
      bool ready = co_await wait(step);
      if (!ready) break;
      step = write_some(unsent);
    }
    alarm_.disarm();
    co_return unsent.empty();
  }

  outcome write_some(std::string_view& unsent) {
    while (!unsent.empty()) {
      auto sent = link_->write(unsent);
      if (sent.what != outcome::done) return sent.what;
      unsent.remove_prefix(sent.bytes);
    }
    return outcome::done;
  }

  void note_answer(const http_request& request, const http_response& answer) {
    host_.counts.add(request.method, answer.status);
    if (answer.status < 400 || gave_way_) return;
    std::string reason;
    for (const auto& [name, value] : answer.headers) {
      if (name == "x-error") reason = value;
    }
    log_fields fields = {{"id", request.id},
                         {"method", request.method},
                         {"path", request.path},
                         {"status", static_cast<std::int64_t>(answer.status)},
                         {"reason", reason}};
    if (answer.status >= 500) {
      host_.log.warning("request failed", fields);
    } else {
      host_.log.info("request refused", fields);
    }
  }

  stream_socket socket_;
  std::string peer_;
  session_host& host_;
  std::unique_ptr<byte_link> link_;
  alarm alarm_;
  connection_book::member member_;
  std::string held_;  ///< has arrived
  std::size_t used_ = 0;
  std::uint64_t beyond_share_ = 0;  ///< of the body under way
  bool gone_ = false;               ///< the peer has, in the middle of a request
  bool refused_ = false;            ///< it was told no before its request was read to the end
  bool gave_way_ = false;           ///< this has to end, for another
};

}  // namespace

awaitable<void> run_session(stream_socket socket, peer_address peer, session_host& host) {
  session one(std::move(socket), std::move(peer), host);
  co_await one.run();
}

}  // namespace sonde::ingest
