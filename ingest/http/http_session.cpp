#include "ingest/http/http_session.hpp"

#include "base/ascii.hpp"
#include "ingest/http/peer_connection.hpp"
#include "ingest/http/problem.hpp"
#include "ingest/http/request_reader.hpp"
#include "ingest/http/request_rules.hpp"
#include "ingest/http/request_validator.hpp"
#include "model/text/text.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>

namespace sonde::ingest {
namespace {

using maybe_refused = std::optional<refusal>;
using maybe_answer = std::optional<http_response>;

/// A response up to this size is sent without reserving room first: mostly the kernel accepts it
/// before any byte has to be held. What the kernel does not accept still needs room.
constexpr std::size_t small_answer = 16'384;
/// Share of the budget for bodies that bodies above `http_body_share_bytes` may use.
constexpr std::uint32_t large_bodies_percent = 75;
/// A caller gets no further response to a read while less than this part of the budget is left.
constexpr std::uint32_t spare_part = 16;

/// The client in the audit entry of a request from a UNIX socket.
constexpr const char* local_client = "local";
/// Longest object, target and reason of an audit entry, in bytes.
constexpr std::size_t longest_text = 512;

constexpr const char* no_room_for_bodies =
    "the limit of buffered request bodies is reached; try again later";
constexpr const char* no_room_for_answers =
    "the limit of unread responses is reached; try again later";

/// Returns the error sentence of a response; empty for a successful one.
std::string reason_of(const http_response& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (name == "x-error") return value;
  }
  return {};
}

/// The data about a running request that the log and the response need.
struct request_note {
  std::string id;
  std::string method;
  std::string path;
  std::string caller;  ///< owner of the buffered bytes: a key, a gateway's user, or an address
  model::audit_entry audit;  ///< as far as known before the response
  bool known = false;        ///< the caller is authenticated
  bool keep = false;
  unsigned version = 11;
};

class session {
 public:
  session(stream_socket socket, peer_address peer, connection_place place, session_host& host)
      : host_(host), link_(std::move(socket), std::move(peer), std::move(place), host) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  awaitable<void> run() {
    bool go_on = co_await link_.open();
    while (go_on && !host_.stopping) {
      bool begun = co_await link_.wait_for_request();
      if (!begun) break;
      go_on = co_await serve_one();
    }
    co_await link_.finish();
  }

 private:
  /// Returns false if this was the last request of the connection.
  awaitable<bool> serve_one() {
    auto id = host_.process_id + "-" + std::to_string(++host_.requests);
    request_validator validator(host_.bounds);
    auto refused = co_await receive_head(validator);
    link_.end_time();
    if (gone_) co_return false;
    request_reader reader;
    http_request request;
    request.id = std::move(id);
    request.method = validator.method();
    request.peer = link_.peer();
    if (!refused) refused = read_head(validator, reader, request);
    if (refused) {
      co_await refuse(validator, *refused, request);
      co_return false;
    }
    co_return co_await serve_passed(validator, reader, std::move(request));
  }

  /// Returns the response to a peer whose next byte is missing; nothing if the peer has closed.
  maybe_refused why_nothing_came() {
    if (link_.evicted()) {
      return refusal{408, "the request arrived too slowly, and the connection limit is reached"};
    }
    if (link_.time_is_over()) return refusal{408, "the request did not arrive in time"};
    gone_ = true;
    return std::nullopt;
  }

  /// An HTTP/1.0 request may omit its host.
  [[nodiscard]] bool answers_to(std::string_view authority) const {
    auto is_it = [host = host_of(authority)](const std::string& name) {
      return ascii::equal_ignoring_case(name, host);
    };
    return authority.empty() || is_local_authority(authority) ||
           std::ranges::any_of(host_.server_names, is_it);
  }

  awaitable<maybe_refused> receive_head(request_validator& validator) {
    link_.set_time(host_.bounds.http_header_timeout_ms);
    auto turn = link_.turn_of_peer(peer_wait::in_request);
    while (true) {
      auto seen = validator.look(link_.rest());
      link_.use(validator.passed());
      if (seen == request_validator::verdict::refused) co_return validator.why();
      if (seen == request_validator::verdict::head) break;
      bool came = co_await link_.receive();
      if (!came) co_return why_nothing_came();
    }
    if (host_.local_names_only && !link_.by_gateway() && !answers_to(validator.host())) {
      co_return refusal{421,
                        "Host: this server answers to localhost, loopback addresses and the names "
                        "in http.server_names only; add the name that a proxy in front passes on"};
    }
    co_return std::nullopt;
  }

  /// The validator and the parser must agree on the header before it is used for a decision.
  maybe_refused read_head(const request_validator& validator, request_reader& reader,
                          http_request& request) {
    if (validator.origin() == "*") {
      request.path = validator.origin();
    } else if (auto read = parse_request_target(validator.origin(), request); !read) {
      return refusal{400, read.error().message()};
    }
    if (!reader.take(validator.head()) || reader.target() != validator.target()) return unclear();
    for (auto& [name, value] : reader.fields()) {
      auto known = ascii::lower_case(name);
      bool first = request.headers.emplace(known, std::move(value)).second;
      if (!first) request.repeated.insert(std::move(known));
    }
    request.by_gateway = link_.by_gateway();
    return std::nullopt;
  }

  static refusal unclear() { return {400, "the request is not HTTP/1.1: it is ambiguous"}; }

  /// Receives the body. Stores it only if a handler needs it.
  awaitable<maybe_refused> receive_body(request_validator& validator, request_reader& reader,
                                        byte_budget::hold& held, std::string caller) {
    link_.set_time(host_.bounds.http_body_timeout_ms);
    auto turn = link_.turn_of_peer(peer_wait::in_request);
    bool agreed = true;
    std::uint64_t size = 0;
    while (true) {
      auto seen = validator.look(link_.rest());
      agreed = agreed && reader.take(link_.rest().substr(0, validator.passed()));
      size += validator.passed();
      bool large = size > host_.bounds.http_body_share_bytes;
      if (reader.keeps_body() && !held.set(caller, size, large ? large_bodies_percent : 100)) {
        co_return refusal{503, no_room_for_bodies};
      }
      link_.use(validator.passed());
      if (seen == request_validator::verdict::refused) co_return validator.why();
      if (seen == request_validator::verdict::whole) break;
      bool came = co_await link_.receive();
      if (!came) co_return why_nothing_came();
    }
    if (agreed && reader.done()) co_return std::nullopt;
    co_return unclear();
  }

  request_note note_of(const request_validator& validator, const http_request& request) {
    request_note out;
    out.id = request.id;
    out.method = request.method;
    out.path = request.path;
    out.caller = counted_as(request);
    out.audit.action = request.action;
    if (!request.action.empty()) {
      out.audit.key = request.who.key_id;
      out.audit.user = request.who.user_id;
      out.audit.client = request.peer;
    }
    out.known = !request.who.user_id.empty();
    out.keep = validator.keeps_alive();
    out.version = validator.version();
    return out;
  }

  /// Identifies the sender before any of the body is requested, read or stored.
  awaitable<bool> serve_passed(request_validator& validator, request_reader& reader,
                               http_request request) {
    if (host_.door.admit) {
      auto refused = co_await admit(request);
      auto note = note_of(validator, request);
      if (!refused) refused = refuse_if_crowded(request, note);
      if (refused) co_return co_await turn_down(validator, std::move(note), std::move(*refused));
    }
    auto note = note_of(validator, request);
    byte_budget::hold body(host_.budgets->bodies);
    if (validator.has_body() && validator.awaits_continue()) {
      byte_budget::hold room(host_.budgets->responses);
      (void)co_await link_.write("HTTP/1.1 100 Continue\r\n\r\n", room, note.caller);
    }
    if (!request.takes_body) reader.drop_body();
    auto refused = co_await receive_body(validator, reader, body, note.caller);
    link_.end_time();
    if (gone_) co_return false;
    if (refused) {
      co_await refuse(validator, *refused, request);
      co_return false;
    }
    request.body = reader.take_body();
    co_return co_await serve(std::move(request), std::move(note), body);
  }

  awaitable<bool> serve(http_request request, request_note note, byte_budget::hold& body) {
    if (request.query.contains("wait")) {
      link_.allow_long_wait([this, note] { return farewell(note); });
      request.wait = &link_;
    }
    auto answer = co_await handle(std::move(request));
    body.release();
    if (link_.closed()) co_return false;
    co_return co_await send(std::move(note), std::move(answer));
  }

  /// Rejects a read before it causes any cost if there is no room for its response.
  maybe_answer refuse_if_crowded(const http_request& request, const request_note& note) {
    if (!note.known || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
    std::uint64_t spare = std::min(host_.view_bounds.http_answer_bytes,
                                   host_.bounds.http_responses_bytes / spare_part);
    if (host_.budgets->responses.has_room(note.caller, spare)) return std::nullopt;
    return problem(503, no_room_for_answers, request.id);
  }

  /// Responds without using the body. Reads and discards a body that is short enough, so that the
  /// next request can follow.
  awaitable<bool> turn_down(request_validator& validator, request_note note, http_response answer) {
    bool dropping = validator.has_body();
    // A sender that waits for `100 Continue` may send the body or not: what follows is unclear.
    if (dropping && validator.awaits_continue()) note.keep = false;
    bool keep = co_await send(std::move(note), std::move(answer));
    if (!keep || !dropping) co_return keep;
    link_.set_time(host_.bounds.http_linger_ms);
    auto turn = link_.turn_of_peer(peer_wait::in_request);
    auto seen = request_validator::verdict::more;
    while (seen == request_validator::verdict::more) {
      seen = validator.look(link_.rest());
      link_.use(validator.passed());
      if (seen != request_validator::verdict::more) break;
      bool came = co_await link_.receive();
      if (!came) break;
    }
    link_.end_time();
    co_return seen == request_validator::verdict::whole;
  }

  /// `request`: as far as it is known.
  awaitable<void> refuse(const request_validator& validator, const refusal& why,
                         http_request request) {
    auto note = note_of(validator, request);
    note.keep = false;
    if (note.path.empty()) {
      http_request named;
      if (parse_request_target(validator.origin(), named)) note.path = std::move(named.path);
    }
    auto answer = problem(why.status, why.sentence, note.id);
    // Slow requests have their own limits, and a server error is not the caller's fault.
    bool wrong = why.status < 500 && why.status != 408;
    if (wrong && !note.known && host_.door.refused) {
      if (auto too_many = host_.door.refused(request)) answer = std::move(*too_many);
    }
    (void)co_await send(std::move(note), std::move(answer));
  }

  /// An exception of a handler is a bug; the peer still gets a response.
  awaitable<http_response> handle(http_request request) {
    auto id = request.id;
    try {
      auto begun = std::chrono::steady_clock::now();
      auto answer = co_await host_.handler(std::move(request));
      host_.counts.took(std::chrono::steady_clock::now() - begun);
      co_return answer;
    } catch (const std::exception& e) {
      host_.log.error("handler failed", {{"id", id}, {"what", e.what()}});
    }
    co_return problem(500, "internal error; the server's log has the details", id);
  }

  awaitable<maybe_answer> admit(http_request& request) {
    try {
      co_return co_await host_.door.admit(request);
    } catch (const std::exception& e) {
      host_.log.error("handler failed", {{"id", request.id}, {"what", e.what()}});
    }
    co_return problem(500, "internal error; the server's log has the details", request.id);
  }

  /// Counts, logs and sends a response. Returns false if nothing may follow it.
  awaitable<bool> send(request_note note, http_response answer) {
    // Runs before a response that does not fit is replaced.
    write_audit_entry(note, answer);
    byte_budget::hold room(host_.budgets->responses);
    bool head = note.method == "HEAD";
    if (!head && answer.body.size() > small_answer &&
        !room.set(note.caller, answer.body.size() + small_answer)) {
      answer = problem(503, no_room_for_answers, note.id);
    }
    note_answer(note, answer);
    bool keep = note.keep && !answer.close && !host_.stopping;
    delivery how{head, keep, note.version, host_.date.at(std::time(nullptr))};
    bool written = false;
    if (head || answer.body.size() <= small_answer) {
      written = co_await link_.write(to_wire(answer, how), room, note.caller);
    } else {
      written = co_await link_.write(header_to_wire(answer, how), room, note.caller);
      if (written) written = co_await link_.write(std::move(answer.body), room, note.caller);
    }
    co_return written&& keep;
  }

  /// Builds the response to a peer that waited for a change while its connection was evicted.
  std::string farewell(const request_note& note) {
    auto answer = problem(503, "the connection limit is reached; send the request again", note.id);
    host_.counts.add(note.method, answer.status);
    delivery how{note.method == "HEAD", false, note.version, host_.date.at(std::time(nullptr))};
    return to_wire(answer, how);
  }

  /// Rejections without a key or beyond a rate, which a peer can cause at will, share log lines.
  void note_answer(const request_note& note, const http_response& answer) {
    host_.counts.add(note.method, answer.status);
    if (answer.status < 400 || link_.evicted()) return;
    if (answer.logged == http_response::log_line::none) return;
    bool own_line = note.known && answer.status != 429 && answer.status != 503;
    if (!own_line && !host_.refusals.note(answer.status)) return;
    auto reason = reason_of(answer);
    log_fields fields = {{"id", note.id},
                         {"method", note.method},
                         {"path", note.path},
                         {"status", static_cast<std::int64_t>(answer.status)},
                         {"reason", reason}};
    if (answer.status >= 500 && answer.logged == http_response::log_line::by_status) {
      host_.log.warning("request failed", fields);
    } else {
      host_.log.info("request refused", fields);
    }
  }

  void write_audit_entry(const request_note& note, const http_response& answer) {
    bool changes = !note.audit.action.empty() || !answer.about.action.empty();
    if (host_.trail == nullptr || !changes || answer.about.unchanged) return;
    // A server without admission is the control socket, whose callers need no key.
    bool known = note.known || !host_.door.admit;
    auto entry = note.audit;
    entry.request = note.id;
    if (entry.client.empty()) entry.client = local_client;
    if (!answer.about.action.empty()) entry.action = answer.about.action;
    entry.object = model::cut_at(answer.about.object, longest_text);
    entry.target = model::cut_at(answer.about.target, longest_text);
    entry.status = answer.status;
    entry.partial = answer.partial;
    entry.reason = model::cut_at(reason_of(answer), longest_text);
    bool unlimited = known && answer.status != 429 && answer.status != 503;
    host_.trail->note(std::move(entry),
                      unlimited ? audit_trail::rate::unlimited : audit_trail::rate::limited);
  }

  session_host& host_;
  peer_connection link_;
  bool gone_ = false;  ///< the peer has closed in the middle of a request
};

}  // namespace

awaitable<void> run_session(stream_socket socket, peer_address peer, connection_place place,
                            session_host& host) {
  session one(std::move(socket), std::move(peer), std::move(place), host);
  co_await one.run();
}

}  // namespace sonde::ingest
