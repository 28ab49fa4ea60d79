#pragma once

#include "views/audiences.hpp"
#include "views/entity_reader.hpp"
#include "views/fact_reader.hpp"
#include "views/folding_view.hpp"
#include "views/numbered_texts.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The tables behind `entity_view`, as they are written. This folder's own.
///
/// Entities have numbers, in the order in which they were first heard of, so that what is new
/// stands together in every tree and an edge is a pair of numbers.
namespace sonde::views {

class entity_tables final : public table_set {
 public:
  explicit entity_tables(const limits& limits) : limits_(limits) {}

  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 7; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override;
  bool fold(const queue::stored_record& record) override;
  void undone() override;

  /// Reads by the connection that writes, between two transactions.
  [[nodiscard]] entity_reader& reader() { return *reader_; }

 private:
  /// What is prepared of one database.
  struct statements {
    explicit statements(SQLite::Database& db);

    audience_writer audiences;
    numbered_texts entities;
    SQLite::Statement put_entity;
    SQLite::Statement put_association;
    SQLite::Statement put_comment;
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
