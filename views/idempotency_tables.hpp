#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "model/kept_answer.hpp"
#include "views/folding_view.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The table behind `idempotency_view`. This folder's own.
///
/// Of each id the first record counts until it is too old, whatever comes behind: so all processes
/// that fold the topic agree on which of two requests was first. Each record that is folded takes a
/// few rows along that are too old or too many.
class idempotency_tables final : public table_set {
 public:
  idempotency_tables(const limits& limits, const clock& clock) : limits_(limits), clock_(clock) {}

  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 1; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override { sql_.reset(); }
  bool fold(const queue::stored_record& record) override;
  void undone() override {}

  /// Nothing where it is too old.
  [[nodiscard]] std::optional<model::kept_answer> find(const std::string& id);
  /// How many rows there are, for whoever wants to see that they do not pile up.
  [[nodiscard]] std::uint64_t rows();

 private:
  struct statements;

  [[nodiscard]] std::int64_t oldest_ms() const;
  void put(const model::kept_answer& answer);
  void release(const model::kept_answer& answer);
  void sweep();

  const limits& limits_;
  const clock& clock_;
  std::shared_ptr<statements> sql_;
};

}  // namespace sonde::views
