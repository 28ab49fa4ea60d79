#include "ingest/http/request_reader.hpp"

#include "base/result.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>

#include <limits>

namespace sonde::ingest {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// Like Beast's string body, which however reserves the whole Content-Length immediately.
struct growing_body {
  struct value_type {
    std::string bytes;
    bool dropped = false;
  };

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    // NOLINTNEXTLINE(readability-convert-member-functions-to-static): Beast calls it as a member.
    void init(const boost::optional<std::uint64_t>&, error_code& failed) { failed = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& failed) {
      std::size_t taken = 0;
      for (auto part : boost::beast::buffers_range_ref(buffers)) {
        taken += part.size();
        if (!body_.dropped) body_.bytes.append(static_cast<const char*>(part.data()), part.size());
      }
      failed = {};
      return taken;
    }
    // NOLINTNEXTLINE(readability-convert-member-functions-to-static): Beast calls it as a member.
    void finish(error_code& failed) { failed = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace

struct request_reader::state {
  http::request_parser<growing_body> parser;
  std::string untaken;  ///< the beginning of an element that the parser accepts only as a whole
};

request_reader::request_reader() : state_(std::make_unique<state>()) {
  state_->parser.eager(true);
  // The validator has limited both.
  state_->parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  state_->parser.body_limit(boost::none);
}

request_reader::~request_reader() = default;

bool request_reader::take(std::string_view passed) {
  auto& [parser, untaken] = *state_;
  untaken += passed;
  while (!untaken.empty() && !parser.is_done()) {
    error_code failed;
    auto used = parser.put(asio::buffer(untaken), failed);
    untaken.erase(0, used);
    if (failed == http::error::need_more) return true;
    if (failed) return false;
    if (used == 0) break;
  }
  return untaken.empty();
}

bool request_reader::done() const {
  return state_->parser.is_done() && state_->untaken.empty();
}

std::string_view request_reader::method() const {
  auto method = state_->parser.get().method_string();
  return {method.data(), method.size()};
}

std::string_view request_reader::target() const {
  auto target = state_->parser.get().target();
  return {target.data(), target.size()};
}

void request_reader::drop_body() {
  state_->parser.get().body().dropped = true;
}

bool request_reader::keeps_body() const {
  return !state_->parser.get().body().dropped;
}

std::vector<std::pair<std::string, std::string>> request_reader::fields() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& field : state_->parser.get())
    out.emplace_back(std::string(field.name_string()), std::string(field.value()));
  return out;
}

std::string request_reader::take_body() {
  return std::move(state_->parser.get().body().bytes);
}

}  // namespace sonde::ingest
