#pragma once

#include "base/record.hpp"
#include "model/credential.hpp"
#include "model/events.hpp"
#include "model/scan_task.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sonde::test {

[[nodiscard]] wall_time some_time(int second);

/// Values of every kind that records are built from, as large and as awkward as they can come in:
/// quotes, control bytes, four-byte characters, bytes that are no text, thousands of items. The
/// same seed gives the same values.
class hostile_values {
 public:
  explicit hostile_values(std::uint64_t seed) : state_(seed) {}

  /// From 0 to `most`.
  [[nodiscard]] std::uint64_t up_to(std::uint64_t most);
  /// About so many bytes of the worst text there is, or fewer.
  [[nodiscard]] std::string text(std::size_t most);
  /// So many visible characters, quotes and backslashes among them.
  [[nodiscard]] std::string name(std::size_t bytes);
  [[nodiscard]] std::vector<std::uint16_t> numbers();

  [[nodiscard]] model::scan_request request();
  [[nodiscard]] model::webhook largest_webhook();
  [[nodiscard]] model::sweep_cursor worst_cursor();
  /// A task that may have everything: results, cursors, a past, what waits for its end.
  [[nodiscard]] model::scan_task task();
  /// An ended task, as most are.
  [[nodiscard]] model::scan_task small_task();
  [[nodiscard]] record record_near(std::size_t bytes);
  [[nodiscard]] model::json attributes(const std::string& main_name);
  [[nodiscard]] model::credential key();
  [[nodiscard]] model::progress_event progress();
  /// With a body of JSON.
  [[nodiscard]] model::kept_answer answer(std::size_t body_bytes);

 private:
  [[nodiscard]] model::task_generation generation(const model::target_key& key,
                                                  std::uint64_t number);
  [[nodiscard]] model::endpoint_result row();

  std::uint64_t state_;
};

/// Fails the test where `coarse` would skip a port that `fine` still has to ask.
void check_coarser(const model::sweep_cursor& coarse, const model::sweep_cursor& fine);

}  // namespace sonde::test
