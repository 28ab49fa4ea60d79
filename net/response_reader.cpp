#include "net/response_reader.hpp"

#include "net/errc.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace sonde::net {
namespace {

namespace http = boost::beast::http;

constexpr int most_interim_responses = 8;
/// All bytes of a response as a multiple of its body: a chunk of one byte has six. Chunk headers
/// with long extensions would otherwise have no limit in total.
constexpr std::size_t most_bytes_per_body_byte = 8;

using response_parser = http::response_parser<http::string_body>;

}  // namespace

struct response_reader::state {
  explicit state(response_limits chosen) : limits(chosen) { begin(); }

  void begin() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    parser->body_limit(limits.body_bytes);
  }

  [[nodiscard]] bool is_interim() const { return parser->get().result_int() / 100 == 1; }

  [[nodiscard]] std::size_t most_bytes() const {
    return (most_interim_responses + 2) * limits.head_bytes +
           most_bytes_per_body_byte * limits.body_bytes;
  }

  /// Feeds `untaken` to the parser as far as possible.
  result<> parse() {
    while (!untaken.empty() && !parser->is_done()) {
      error_code failed;
      auto used = parser->put(boost::asio::buffer(untaken), failed);
      untaken.erase(0, used);
      if (failed == http::error::need_more) break;
      if (failed == http::error::body_limit || failed == http::error::header_limit) {
        return fail(errc::too_long, failed.message());
      }
      if (failed) return fail(errc::malformed, failed.message());
      if (parser->is_done() && is_interim()) {
        if (++interim == most_interim_responses) return fail(errc::interim_only);
        begin();
      } else if (used == 0) {
        break;
      }
    }
    if (taken - untaken.size() > most_bytes()) {
      return fail(errc::too_long, "its chunk headers are too long in total");
    }
    if (!parser->is_done() && untaken.size() > limits.head_bytes) {
      return fail(errc::too_long, "a chunk header or the trailer is too long");
    }
    return {};
  }

  response_limits limits;
  std::optional<response_parser> parser;
  std::size_t taken = 0;  ///< all bytes so far
  std::string untaken;    ///< the beginning of an element that the parser accepts only as a whole
  int interim = 0;
  std::optional<error> failure;
};

response_reader::response_reader(response_limits limits)
    : state_(std::make_unique<state>(limits)) {}

response_reader::~response_reader() = default;

result<> response_reader::take(std::string_view bytes) {
  auto& failure = state_->failure;
  if (!failure) {
    state_->untaken += bytes;
    state_->taken += bytes.size();
    if (auto parsed = state_->parse(); !parsed) failure = parsed.error();
  }
  if (failure) return *failure;
  return {};
}

result<> response_reader::end() {
  if (state_->failure) return *state_->failure;
  // A parser without input treats the end of the stream as an empty response.
  error_code failed;
  if (state_->parser->got_some()) state_->parser->put_eof(failed);
  if (!failed && done()) return {};
  return fail(errc::closed, "it closed the connection without a response");
}

bool response_reader::has_head() const {
  return state_->parser->is_header_done() && !state_->is_interim();
}

bool response_reader::done() const {
  return !state_->failure && has_head() && state_->parser->is_done();
}

unsigned response_reader::status() const {
  return state_->parser->get().result_int();
}

std::string response_reader::field(std::string_view name) const {
  auto value = state_->parser->get()[boost::beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

std::string response_reader::take_body() {
  return std::move(state_->parser->get().body());
}

bool response_reader::keeps_open() const {
  return done() && state_->untaken.empty() && state_->parser->keep_alive();
}

}  // namespace sonde::net
