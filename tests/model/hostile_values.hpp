#pragma once

#include "base/record.hpp"
#include "model/auth/credential.hpp"
#include "model/events.hpp"
#include "model/scan/scan_task.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sonde::test {

[[nodiscard]] wall_time some_time(int second);

/// Values of every kind that records consist of, as large and as awkward as input can make them:
/// quotes, control bytes, four-byte characters, bytes that are not text, thousands of items. The
/// same seed gives the same values.
class hostile_values {
 public:
  explicit hostile_values(std::uint64_t seed) : state_(seed) {}

  /// Returns a number from 0 to `most`.
  [[nodiscard]] std::uint64_t up_to(std::uint64_t most);
  /// Returns about `most` bytes of the worst text, or fewer.
  [[nodiscard]] std::string text(std::size_t most);
  /// Returns `bytes` visible characters, quotes and backslashes among them.
  [[nodiscard]] std::string name(std::size_t bytes);
  [[nodiscard]] std::vector<std::uint16_t> numbers();

  [[nodiscard]] model::scan_request request();
  [[nodiscard]] model::webhook largest_webhook();
  [[nodiscard]] model::sweep_cursor worst_cursor();
  /// Returns a task that may have everything: results, cursors, a past, a waiting generation.
  [[nodiscard]] model::scan_task task();
  /// Returns an ended task of the usual size.
  [[nodiscard]] model::scan_task small_task();
  [[nodiscard]] record record_near(std::size_t bytes);
  [[nodiscard]] model::json attributes(const std::string& main_name);
  [[nodiscard]] model::credential key();
  [[nodiscard]] model::progress_event progress();
  /// Returns a cached response with a JSON body.
  [[nodiscard]] model::cached_response answer(std::size_t body_bytes);

 private:
  [[nodiscard]] model::task_generation generation(const model::target_key& key,
                                                  std::uint64_t number);
  [[nodiscard]] model::endpoint_result row();

  std::uint64_t state_;
};

/// Fails the test if `coarse` would skip a port that `fine` still has to probe.
void check_coarser(const model::sweep_cursor& coarse, const model::sweep_cursor& fine);

}  // namespace sonde::test
