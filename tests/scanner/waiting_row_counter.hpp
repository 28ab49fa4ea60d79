#pragma once

#include <cstddef>

namespace sonde::test {

/// Counts the rows of waiting tasks that task views read from their tables. It watches the
/// databases that are opened while it exists, one counter at a time. Callable from any thread.
class waiting_row_counter {
 public:
  waiting_row_counter();
  ~waiting_row_counter();
  waiting_row_counter(const waiting_row_counter&) = delete;
  waiting_row_counter& operator=(const waiting_row_counter&) = delete;

  [[nodiscard]] std::size_t rows() const;
};

}  // namespace sonde::test
