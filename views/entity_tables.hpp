#pragma once

#include "views/entity_view.hpp"
#include "views/folding_view.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sonde::views {

/// The tables behind `entity_view`. This folder's own.
class entity_tables final : public table_set {
 public:
  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 1; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override { sql_.reset(); }
  bool fold(const queue::stored_record& record) override;
  void undone() override {}

  [[nodiscard]] std::optional<entity_details> find(const model::entity_id& id,
                                                   const model::group_list& groups,
                                                   std::size_t related_limit);

 private:
  struct statements;

  bool fold_entity(const queue::stored_record& record);
  bool fold_association(const queue::stored_record& record);
  void add_related(entity_details& entity, const model::group_list& groups, std::size_t limit);

  SQLite::Database* db_ = nullptr;
  std::shared_ptr<statements> sql_;
};

}  // namespace sonde::views
