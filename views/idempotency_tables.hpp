#pragma once

#include "base/clock.hpp"
#include "model/cached_response.hpp"
#include "views/folding_view.hpp"
#include "views/limits.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The table of `idempotency_view`. Internal to this folder.
///
/// The first record of an id counts until it expires, whatever records follow. All processes that
/// fold the topic therefore agree on which of two requests was first. Each folded record also
/// deletes a few rows that have expired or exceed the limit.
class idempotency_tables final : public table_set {
 public:
  idempotency_tables(const limits& limits, const clock& clock) : limits_(limits), clock_(clock) {}

  [[nodiscard]] std::string name() const override { return "idempotency"; }
  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 1; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override { sql_.reset(); }
  bool fold(const queue::stored_record& record) override;
  void undone() override {}

  /// Returns the cached response of an id; nothing if it has expired.
  [[nodiscard]] std::optional<model::cached_response> find(const std::string& id);
  /// Returns the number of rows, to observe that they do not accumulate.
  [[nodiscard]] std::uint64_t rows();

 private:
  struct statements;

  [[nodiscard]] std::int64_t oldest_ms() const;
  void put(const model::cached_response& answer);
  void release(const model::cached_response& answer);
  void sweep();

  const limits& limits_;
  const clock& clock_;
  std::shared_ptr<statements> sql_;
};

}  // namespace sonde::views
