#pragma once

#include "views/entity_reader.hpp"
#include "views/fact_reader.hpp"
#include "views/folding_view.hpp"
#include "views/interned_strings.hpp"
#include "views/named_statement.hpp"
#include "views/visibility_sets.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The tables of `entity_view`, as they are written. Internal to this folder.
///
/// Entities have numbers in the order of their first record. New rows are therefore adjacent in
/// every index, and an edge is a pair of numbers.
namespace sonde::views {

class entity_tables final : public table_set {
 public:
  explicit entity_tables(const limits& limits) : limits_(limits) {}

  [[nodiscard]] std::string name() const override { return "entity"; }
  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 8; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override;
  bool fold(const queue::stored_record& record) override;
  void undone() override;

  /// Returns a reader on the writing connection. Used between two transactions.
  [[nodiscard]] entity_reader& reader() { return *reader_; }

 private:
  /// The prepared statements and caches of one database.
  struct statements {
    explicit statements(SQLite::Database& db);

    visibility_writer visibility_sets;
    interned_strings entities;
    named_statement put_entity;
    named_statement put_association;
    named_statement put_comment;
    SQLite::Statement show_comment;
  };

  bool fold_entity(const queue::stored_record& record);
  bool fold_association(const queue::stored_record& record);
  bool fold_comment(const queue::stored_record& record);
  [[nodiscard]] std::int64_t number_of(const model::entity_id& id) {
    return sql_->entities.of(id.str()).value;
  }

  const limits& limits_;
  fact_reader facts_;
  std::unique_ptr<statements> sql_;
  std::unique_ptr<entity_reader> reader_;
};

}  // namespace sonde::views
