#include "scanner/engine/conversation.hpp"

#include "base/hash.hpp"
#include "model/text.hpp"
#include "scanner/modules/recognition.hpp"
#include "tls/client_handshake.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t read_at_once = 4096;
/// Of a banner that is beyond the scan's budget so much is kept, for the table of results.
constexpr std::size_t shown_of_banner = 200;
/// A pause that ends what is said, where nothing else tells the end.
constexpr milliseconds end_of_speech{150};
/// How long a service that speaks first may take before it is asked something: four round trips,
/// within these bounds.
constexpr milliseconds shortest_patience{150};
constexpr milliseconds longest_patience{1'500};
constexpr int patience_round_trips = 4;
/// A service that speaks in many small pieces is looked at only so often; then a pause, or the
/// limits, tell where it ends.
constexpr int looks = 64;

milliseconds patience_for(std::chrono::microseconds rtt) {
  auto patience = std::chrono::ceil<milliseconds>(rtt * patience_round_trips);
  return std::clamp(patience, shortest_patience, longest_patience);
}

/// The first connection, listened to while others are tried.
struct listener {
  listener(executor loop, connection first) : link(std::move(first)), news(std::move(loop)) {}
  connection link;
  std::string said;
  bool ended = false;
  error why;
  condition news;
};

/// Reads on after the first bytes, until it is plain that no more will come.
awaitable<void> hear_out(connection& link, std::string& said, std::size_t most,
                         steady_time deadline, const clock& time) {
  for (int look = 0; said.size() < most; ++look) {
    if (look < looks && recognise(said).complete) co_return;
    auto pause = std::min(deadline, time.steady_now() + end_of_speech);
    auto more = co_await link.read(std::min(read_at_once, most - said.size()), pause);
    if (!more) co_return;
    said += *more;
  }
}

awaitable<void> listen(std::shared_ptr<listener> l, std::size_t most, milliseconds greeting,
                       milliseconds answer, const clock& time) {
  auto begun = time.steady_now();
  auto first = co_await l->link.read(read_at_once, begun + greeting);
  if (first) {
    l->said = std::move(*first);
    co_await hear_out(l->link, l->said, most, time.steady_now() + answer, time);
  } else {
    l->why = first.error();
  }
  l->ended = true;
  l->news.notify_all();
}

/// One conversation under way.
class talk {
 public:
  talk(conversation_tools& tools, conversation_partner partner)
      : tools_(tools), partner_(std::move(partner)) {
    deadline_ = now() + milliseconds(tools_.bounds.conversation_timeout_ms);
    out_.endpoint.address = partner_.address;
    out_.endpoint.port = partner_.port;
    out_.endpoint.listened_only = manners_of(partner_.port) == port_manners::listen_only;
    out_.endpoint.seen = tools_.time.now();
  }

  ~talk() {
    if (ear_) ear_->link.close();
  }
  talk(const talk&) = delete;
  talk& operator=(const talk&) = delete;

  awaitable<conversation_result> run(unique_socket first, milliseconds patience) {
    bool listening = co_await begin_to_listen(std::move(first));
    if (listening) co_await wait_for_greeting(now() + patience);
    if (!listening && !was_reset_) co_return std::move(out_);
    if (was_reset_) {
      bool reset_again = co_await is_reset_at_once(patience);
      out_.open = !reset_again;
      if (reset_again) co_return std::move(out_);
    }
    bool done = take_greeting();
    if (!done && manners_of(partner_.port) == port_manners::listen_only) {
      co_await only_listen();
      co_return std::move(out_);
    }
    if (!done) done = co_await offer_tls(patience);
    if (!done) co_await wait_for_greeting(now());
    if (!done) done = take_greeting();
    if (!done) done = co_await ask_http();
    if (!done) co_await wait_for_greeting(deadline_);
    if (!done) done = take_greeting();
    if (!done && !said_to_hello_.empty()) take("tls", said_to_hello_);
    if (!done && said_to_hello_.empty()) note_silence();
    co_return std::move(out_);
  }

 private:
  [[nodiscard]] steady_time now() const { return tools_.time.steady_now(); }
  [[nodiscard]] milliseconds answer_time() const {
    return milliseconds(tools_.bounds.answer_timeout_ms);
  }
  /// On one connection that speaks TLS: a handshake, and then so much again.
  [[nodiscard]] std::size_t most_received() const {
    return std::size_t{2} * tools_.bounds.handshake_bytes;
  }
  [[nodiscard]] steady_time answer_deadline() const {
    return std::min(deadline_, now() + answer_time());
  }

  /// On the socket that found the port open, or, where that could not be kept, on another.
  awaitable<bool> begin_to_listen(unique_socket first) {
    if (first) {
      hear(connection(tools_.loop, std::move(first), partner_.address.is_v4(), partner_.port));
      co_return true;
    }
    auto link = co_await dial();
    if (link) {
      hear(std::move(*link));
      co_return true;
    }
    was_reset_ = link.error().code == make_error_code(errc::reset);
    out_.endpoint.trouble = link.error().message();
    co_return false;
  }

  void hear(connection link) {
    ear_ = std::make_shared<listener>(tools_.loop, std::move(link));
    tools_.group.spawn(listen(ear_, tools_.bounds.banner_bytes,
                              milliseconds(tools_.bounds.greeting_timeout_ms), answer_time(),
                              tools_.time));
  }

  /// Until the service has begun to speak on the first connection, or `until`. Once it has begun,
  /// it is heard out.
  awaitable<void> wait_for_greeting(steady_time until) {
    while (ear_ && !ear_->ended) {
      auto patience = ear_->said.empty() ? until : deadline_;
      bool news = co_await ear_->news.wait_until(patience);
      if (!news && (ear_->said.empty() || now() >= deadline_)) co_return;
    }
    if (ear_ && ear_->why.code == make_error_code(errc::reset)) was_reset_ = true;
  }

  /// Until the service has spoken, or its time to do so is over.
  awaitable<void> only_listen() {
    co_await wait_for_greeting(deadline_);
    bool said = take_greeting();
    if (!said) note_silence();
  }

  awaitable<result<connection>> dial() {
    return tools_.dial.dial(partner_.address, partner_.port, partner_.rate, partner_.allowed,
                            deadline_);
  }

  /// Takes what was said for the banner.
  void take(const char* module, std::string_view said) {
    auto known = recognise(said);
    out_.endpoint.module = module;
    out_.endpoint.service = std::move(known.service);
    out_.endpoint.raw_banner = std::move(known.raw);
    out_.endpoint.masked_banner = std::move(known.masked);
    out_.endpoint.trouble.clear();
    shorten_banner();
  }

  void shorten_banner() {
    auto& raw = out_.endpoint.raw_banner;
    if (raw.empty() || partner_.budget->admit_banner(raw.size())) return;
    out_.endpoint.banner_sha256 = to_hex(sha256(raw));
    out_.endpoint.truncated = true;
    raw = model::first_line(raw, shown_of_banner);
    out_.endpoint.masked_banner.clear();
  }

  bool take_greeting() {
    if (!ear_ || ear_->said.empty()) return false;
    take("greeting", ear_->said);
    return true;
  }

  void note_silence() {
    if (ear_ && out_.endpoint.trouble.empty()) out_.endpoint.trouble = sentence(ear_->why);
  }

  /// What our own time limit ended, or has still to end, is the service's silence.
  static std::string sentence(const error& why) {
    bool silent = !why.code || why.code == make_error_code(errc::deadline);
    return silent ? describe(errc::silent) : why.message();
  }

  /// A SYN proxy completes the handshake for a port that nobody listens on, and then takes it back.
  awaitable<bool> is_reset_at_once(milliseconds patience) {
    auto link = co_await dial();
    if (!link) {
      auto why = link.error().code;
      co_return why == make_error_code(errc::refused) || why == make_error_code(errc::reset);
    }
    auto said = co_await link->read(1, now() + patience);
    co_return !said && said.error().code == make_error_code(errc::reset);
  }

  /// Moves bytes between the connection and the handshake once: out, then in.
  awaitable<result<>> pump(connection& link, tls::client_handshake& handshake, steady_time until) {
    auto output = handshake.take_output();
    if (!output.empty()) {
      auto written = co_await link.write(std::move(output), until);
      if (!written) co_return written;
    }
    if (handshake.status() != tls::client_handshake::state::in_progress &&
        handshake.status() != tls::client_handshake::state::established) {
      co_return fail(errc::closed);
    }
    auto input = co_await link.read(read_at_once, until);
    if (input) {
      received_ += input->size();
      if (received_ > most_received()) co_return fail(errc::closed);
      handshake.receive(*input);
      co_return result<>();
    }
    if (input.error().code == make_error_code(errc::closed)) handshake.receive_end();
    co_return input.error();
  }

  /// True: it speaks TLS, so that is what it is.
  awaitable<bool> offer_tls(milliseconds patience) {
    auto link = co_await dial();
    if (!link) {
      out_.endpoint.trouble = link.error().message();
      co_return false;
    }
    tls::handshake_limits bounds;
    bounds.handshake_bytes = tools_.bounds.handshake_bytes;
    bounds.chain_certificates = tools_.bounds.chain_certificates;
    bounds.foreign_bytes = tools_.bounds.banner_bytes;
    auto name = partner_.host.is_address() ? std::string() : partner_.host.text();
    tls::client_handshake handshake(tools_.openssl, name, bounds);
    auto until = answer_deadline();
    result<> last;
    while (handshake.status() == tls::client_handshake::state::in_progress && last) {
      last = co_await pump(*link, handshake, until);
    }
    // What is still to be said: the end of the handshake, or an alert.
    auto rest = handshake.take_output();
    if (!rest.empty()) co_await link->write(rest, until);
    if (!speaks_tls(handshake)) {
      said_to_hello_ = handshake.foreign_bytes();
      if (said_to_hello_.empty()) co_return false;
      co_await hear_out(*link, said_to_hello_, tools_.bounds.banner_bytes, answer_deadline(),
                        tools_.time);
      co_return false;
    }
    note_handshake(handshake, last);
    if (handshake.status() == tls::client_handshake::state::established) {
      co_await speak_inside(*link, handshake, patience);
      // TLS 1.3: what the server thinks of our missing certificate comes after the handshake.
      note_failure(handshake);
    }
    co_return true;
  }

  static bool speaks_tls(const tls::client_handshake& handshake) {
    const auto& seen = handshake.observation();
    return handshake.status() == tls::client_handshake::state::established || !seen.chain.empty() ||
           seen.alert.has_value() || !seen.version.empty();
  }

  void note_handshake(const tls::client_handshake& handshake, const result<>& last) {
    const auto& seen = handshake.observation();
    model::tls_observation tls;
    tls.version = seen.version;
    tls.cipher = seen.cipher;
    tls.group = seen.group;
    tls.sni = seen.sni;
    tls.client_certificate_requested = seen.client_certificate_requested;
    for (const auto& der : seen.chain)
      note_certificate(tls, der);
    out_.endpoint.module = "tls";
    out_.endpoint.tls = std::move(tls);
    out_.endpoint.trouble = last ? std::string() : sentence(last.error());
    note_failure(handshake);
  }

  /// One that the scan holds already is not parsed again, unless it is the first time that it
  /// stands for the host.
  void note_certificate(model::tls_observation& tls, const std::string& der) {
    bool leaf = tls.chain.empty();
    auto fingerprint = fingerprint_of(der);
    tls.chain.push_back(fingerprint);
    auto known = partner_.known->find(fingerprint);
    bool held = known != partner_.known->end();
    if (held && (!leaf || known->second)) {
      if (leaf) tls.mismatched = *known->second;
      return;
    }
    if (!partner_.budget->admit_certificate(fingerprint, der.size())) {
      out_.endpoint.truncated = true;
      return;
    }
    auto certificate = tools_.certificates.parse(der, fingerprint);
    if (leaf) tls.mismatched = !is_for(certificate->parsed, partner_.host, partner_.address);
    out_.certificates.push_back(certificate->facts);
  }

  void note_failure(const tls::client_handshake& handshake) {
    if (handshake.status() != tls::client_handshake::state::failed) return;
    const auto& alert = handshake.observation().alert;
    if (alert) out_.endpoint.tls->alert = alert->name;
    if (out_.endpoint.raw_banner.empty()) out_.endpoint.trouble = handshake.failure().message();
  }

  /// The same as outside: it may speak first, and is asked if it does not.
  awaitable<void> speak_inside(connection& link, tls::client_handshake& handshake,
                               milliseconds patience) {
    auto said = handshake.take_plaintext();
    auto until = std::min(deadline_, now() + patience);
    result<> last;
    while (said.empty() && last) {
      last = co_await pump(link, handshake, until);
      said += handshake.take_plaintext();
    }
    bool asked = false;
    if (said.empty() && handshake.encrypt(http_question())) {
      asked = true;
      until = answer_deadline();
      last = {};
      while (said.empty() && last) {
        last = co_await pump(link, handshake, until);
        said += handshake.take_plaintext();
      }
    }
    until = answer_deadline();
    for (int look = 0; last && said.size() < tools_.bounds.banner_bytes; ++look) {
      if (look < looks && !said.empty() && recognise(said).complete) break;
      last = co_await pump(link, handshake, std::min(until, now() + end_of_speech));
      said += handshake.take_plaintext();
    }
    if (said.empty()) co_return;
    said.resize(std::min<std::size_t>(said.size(), tools_.bounds.banner_bytes));
    take(asked ? "http" : "greeting", said);
  }

  [[nodiscard]] std::string http_question() const {
    return "GET / HTTP/1.0\r\nUser-Agent: " + tools_.user_agent + "\r\nAccept: */*\r\n\r\n";
  }

  awaitable<bool> ask_http() {
    auto link = co_await dial();
    if (!link) co_return false;
    auto question = http_question();
    auto until = answer_deadline();
    auto written = co_await link->write(question, until);
    if (!written) co_return false;
    auto first = co_await link->read(read_at_once, until);
    if (!first) co_return false;
    auto said = std::move(*first);
    co_await hear_out(*link, said, tools_.bounds.banner_bytes, answer_deadline(), tools_.time);
    take("http", said);
    co_return true;
  }

  conversation_tools& tools_;
  conversation_partner partner_;
  steady_time deadline_;
  std::shared_ptr<listener> ear_;
  bool was_reset_ = false;
  std::string said_to_hello_;
  std::size_t received_ = 0;
  conversation_result out_;
};

}  // namespace

awaitable<conversation_result> converse(conversation_tools& tools, conversation_partner partner,
                                        unique_socket first, std::chrono::microseconds rtt) {
  talk conversation(tools, std::move(partner));
  co_return co_await conversation.run(std::move(first), patience_for(rtt));
}

}  // namespace sonde::scanner
