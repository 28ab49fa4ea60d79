#include "scanner/engine/engine_limits.hpp"
#include "tests/scanner/transcript.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace sonde::scanner {
namespace {

using namespace std::string_literals;

/// Up to this size a response comes one byte at a time, beyond it in eight pieces.
constexpr std::size_t bytewise = 600;
constexpr std::size_t pieces_of_long = 8;

/// Bytes that a module knows although they are another service's, and why that is right.
struct overlap {
  std::string_view knower;  ///< the module
  std::string_view owner;   ///< the module of the transcript, or the liar; empty: any
  std::string_view begin;   ///< of the bytes; empty: any
  std::string_view why;
};
constexpr overlap overlaps[] = {
    {"http", "", "HTTP/", "a service that answers in HTTP is a web server too"},
    {"rpcbind", "nfs", "", "a reply names no program; in a scan its transaction id does"},
    {"nfs", "rpcbind", "", "as above"},
    {"ssh", "SSH in a body", "", "looks beyond the first line, and is tried last for it"},
};

bool is_overlap(std::string_view knower, std::string_view owner, std::string_view bytes) {
  return std::ranges::any_of(overlaps, [&](const overlap& each) {
    return each.knower == knower && (each.owner.empty() || each.owner == owner) &&
           bytes.starts_with(each.begin);
  });
}

const protocol_module* module_named(std::string_view name) {
  auto all = catalogue();
  auto found = std::ranges::find(all, name, &protocol_module::name);
  return found == all.end() ? nullptr : *found;
}

/// Printable text as it is, other bytes in hexadecimal: what a failed check shows.
std::string readable(std::string_view bytes) {
  auto printable = [](char c) { return (c >= ' ' && c <= '~') || c == '\r' || c == '\n'; };
  if (std::ranges::all_of(bytes, printable)) return std::string(bytes);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "hex:";
  for (char c : bytes) {
    auto value = static_cast<unsigned char>(c);
    out += digits[value >> 4U];
    out += digits[value & 0xFU];
  }
  return out;
}

std::string in_words(const model::service_observation& service) {
  return service.name + " | " + service.product + " | " + service.version + " | " +
         std::string(model::name_of(service.sure));
}

void check_service(const model::service_observation& found,
                   const model::service_observation& expected) {
  CHECK(in_words(found) == in_words(expected));
  for (const auto& fact : expected.facts) {
    bool there = std::ranges::any_of(found.facts, [&](const model::service_fact& each) {
      return each.name == fact.name && each.value == fact.value;
    });
    if (there) continue;
    std::string all;
    for (const auto& each : found.facts)
      all += "\n  " + each.name + " = " + each.value;
    FAIL_CHECK(("no fact " + fact.name + " = " + fact.value + ", but" + all));
  }
}

std::size_t piece_of(std::size_t size) {
  return size <= bytewise ? std::size_t{1} : size / pieces_of_long + 1;
}

struct fed_response {
  talk_step step;
  std::size_t used = 0;  ///< bytes that the talk was given
};

/// Gives a response to a talk as it may come from the network, until the talk wants no more.
fed_response feed_slowly(protocol_talk& talk, std::string_view response) {
  fed_response out{talk_step::incomplete(), 0};
  while (out.used < response.size() && out.step.what == talk_step::kind::more) {
    out.used = std::min(out.used + piece_of(response.size()), response.size());
    out.step = talk.receive(response.substr(0, out.used));
  }
  return out;
}

void check_talk(const protocol_module& module, const test::transcript& each) {
  if (module.talk == nullptr) {
    FAIL_CHECK(("the module asks nothing, the transcript does"));
    return;
  }
  auto talk = module.talk(test::transcript_context(each.port));
  auto step = talk_step::send(talk->begin());
  for (const auto& exchange : each.exchanges) {
    if (step.what != talk_step::kind::send) {
      FAIL_CHECK(("ended before the transcript did"));
      return;
    }
    CHECK(readable(step.request) == readable(exchange.request));
    auto fed = feed_slowly(*talk, exchange.response);
    // A prefix that is taken for the whole may hold less than the whole.
    CHECK(fed.used == exchange.response.size());
    step = std::move(fed.step);
    // What only the end of the connection ends.
    if (step.what == talk_step::kind::more) step = talk->ended(exchange.response);
  }
  if (step.what == talk_step::kind::send) step = talk->ended({});
  if (step.what != talk_step::kind::known) {
    FAIL_CHECK(("not known: foreign"));
    return;
  }
  tidy_up(step.known);
  check_service(step.known.service, each.expected);
}

/// The service that a module sees in bytes it did not ask for; empty: none.
std::string recognised_by(const protocol_module& module, std::string_view bytes) {
  if (module.recognise == nullptr) return {};
  auto known = module.recognise(bytes);
  if (!known) return {};
  return known->service.name.empty() ? "a service without a name" : known->service.name;
}

void check_greeting(const protocol_module& module, const test::transcript& each) {
  std::string_view greeting = *each.greeting;
  auto known = recognise(greeting);
  CHECK(known.service.name == each.expected.name);
  CHECK(recognised_by(module, greeting) == each.expected.name);
  if (each.exchanges.empty()) check_service(known.service, each.expected);
  for (std::size_t size = 0; size < greeting.size(); size += piece_of(greeting.size())) {
    auto name = recognise(greeting.substr(0, size)).service.name;
    if (name.empty() || name == each.expected.name) continue;
    FAIL_CHECK(("its first " + std::to_string(size) + " bytes are taken for " + name));
  }
}

using scripted_server = std::function<std::string(std::string_view request)>;

/// The service that a talk finds where `answers` is the server, which closes after a response that
/// the talk thinks incomplete; empty: none.
std::string found_by(const protocol_module& module, std::uint16_t port,
                     const scripted_server& answers) {
  if (module.talk == nullptr) return {};
  auto talk = module.talk(test::transcript_context(port));
  auto step = talk_step::send(talk->begin());
  std::string response;
  for (std::uint32_t sent = 0; step.what == talk_step::kind::send; ++sent) {
    if (sent == engine_limits().talk_messages) {
      step = talk->ended(response);
      break;
    }
    response = answers(step.request);
    step = talk->receive(response);
    if (step.what == talk_step::kind::more) step = talk->ended(response);
  }
  if (step.what != talk_step::kind::known) return {};
  return step.known.service.name.empty() ? "a service without a name" : step.known.service.name;
}

/// Returns a server that sends one response to each request, and then nothing more.
scripted_server server_of(std::span<const std::string> responses) {
  return [responses](std::string_view) mutable {
    if (responses.empty()) return std::string();
    auto next = responses.front();
    responses = responses.subspan(1);
    return next;
  };
}

/// Fails where a module takes what another one's server sent for a service that it is not.
void check_confusion(const protocol_module& module, const test::transcript& each) {
  auto sent = each.sent_by_server();
  std::span<const std::string> rest = sent;
  for (; !rest.empty(); rest = rest.subspan(1)) {
    if (is_overlap(module.name, each.module, rest.front())) continue;
    for (const auto& name :
         {recognised_by(module, rest.front()), found_by(module, each.port, server_of(rest))}) {
      if (name.empty() || name == each.expected.name) continue;
      FAIL_CHECK((std::string(module.name) + " takes " + each.file + " for " + name + ": " +
                  readable(std::string_view(rest.front()).substr(0, 80))));
    }
  }
}

struct liar {
  std::string name;
  scripted_server answers;
};

scripted_server always(std::string bytes) {
  return [sent = std::move(bytes)](std::string_view) { return sent; };
}

std::string endless(std::string_view text) {
  std::string out;
  while (out.size() < engine_limits().talk_bytes)
    out += text;
  return out.substr(0, engine_limits().talk_bytes);
}

/// Servers of no protocol, or of one that says another's words.
const std::vector<liar>& liars() {
  const auto tls = "\x16\x03\x03\x00\x7A\x02\x00\x00\x76\x03\x03"s + std::string(20, '\x5A');
  static const std::vector<liar> all = {
      {"echo", [](std::string_view request) { return std::string(request); }},
      {"SSH in a body", always("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>\n"
                               "SSH-2.0-x\r\n</html>\r\n")},
      {"endless banner", always(endless("Welcome to this server. "))},
      {"endless lines", always(endless("Your visit is recorded.\r\n"))},
      {"220", always("220 \r\n")},
      {"half a TLS record", always(tls)},
      {"zeros", always(std::string(4'096, '\0'))},
      {"few zeros", always(std::string(12, '\0'))},
      {"0xFF", always(std::string(4'096, '\xFF'))},
      {"few 0xFF", always(std::string(12, '\xFF'))},
      {"silence", always("")},
      {"empty lines", always("\r\n\r\n\r\n")},
  };
  return all;
}

/// Fails where a module believes a liar.
void check_liar(const protocol_module& module, const liar& each) {
  auto sample = each.answers("");
  if (is_overlap(module.name, each.name, sample)) return;
  CHECK_MESSAGE(recognised_by(module, sample) == "", module.name);
  for (auto port : {std::uint16_t{80}, std::uint16_t{40'000}})
    CHECK_MESSAGE(found_by(module, port, each.answers) == "", module.name);
}

std::string random_bytes(std::mt19937& random) {
  std::string out(random() % 300, '\0');
  for (auto& c : out)
    c = static_cast<char>(random() & 0xFFU);
  return out;
}

}  // namespace

TEST_CASE("every module knows the servers of its transcripts, however their bytes come") {
  for (const auto& each : test::transcripts()) {
    CAPTURE(each.file);
    const auto* module = module_named(each.module);
    if (module == nullptr) continue;  // the last test case reports it
    if (each.greeting) check_greeting(*module, each);
    if (!each.exchanges.empty()) check_talk(*module, each);
  }
}

TEST_CASE("no module takes another one's server for its own") {
  for (const auto& each : test::transcripts()) {
    CAPTURE(each.file);
    for (const auto* module : catalogue()) {
      CAPTURE(module->name);
      if (module->name != each.module) check_confusion(*module, each);
    }
  }
}

TEST_CASE("no module believes a server that speaks no protocol") {
  for (const auto& each : liars()) {
    CAPTURE(each.name);
    for (const auto* module : catalogue()) {
      CAPTURE(module->name);
      check_liar(*module, each);
    }
    std::string expected = each.name == "SSH in a body" ? "http" : "";
    CHECK(recognise(each.answers("")).service.name == expected);
  }
}

TEST_CASE("no module finds a service in random bytes") {
  std::mt19937 random(20'261'129);  // the same bytes each time
  for (int i = 0; i < 2'000; ++i) {
    auto bytes = random_bytes(random);
    for (const auto* module : catalogue()) {
      CAPTURE(module->name);
      auto seen = recognised_by(*module, bytes);
      if (!seen.empty()) FAIL_CHECK(("recognised: " + readable(bytes)));
      auto found = found_by(*module, 40'000, always(bytes));
      if (!found.empty()) FAIL_CHECK(("found: " + readable(bytes)));
    }
  }
}

TEST_CASE("every module has a transcript, and every transcript a module") {
  std::set<std::string_view> named;
  for (const auto& each : test::transcripts()) {
    named.insert(each.module);
    CHECK_MESSAGE(module_named(each.module) != nullptr, each.file);
  }
  for (const auto* module : catalogue())
    CHECK_MESSAGE(named.contains(module->name), module->name);
}

}  // namespace sonde::scanner
