#pragma once

#include "ingest/body_workers.hpp"
#include "model/json.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// How much there is to write out, counted only until it is much: values, and 32 bytes of text as
/// one more.
class answer_weight {
 public:
  /// Beyond it an answer takes more than about a quarter of a millisecond to write and to destroy.
  static constexpr std::uint32_t much = 2'000;

  void add(const model::json& value);
  void add_text(std::string_view text);
  [[nodiscard]] bool is_much() const { return counted_ > much; }

 private:
  std::uint64_t counted_ = 0;
};

/// Writes out an answer: here where it is small, otherwise on a worker in this caller's turn.
[[nodiscard]] awaitable<result<std::string>> write_out(body_workers& workers, std::string caller,
                                                       steady_time until, model::json value);

}  // namespace sonde::ingest
