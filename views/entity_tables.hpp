#pragma once

#include "model/comment.hpp"
#include "views/entity_statements.hpp"
#include "views/entity_view.hpp"
#include "views/folding_view.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// The tables behind `entity_view`. This folder's own.
namespace sonde::views {

/// Who reads, in one question: which sets of groups they belong to is worked out once each.
class reader_groups {
 public:
  explicit reader_groups(const model::group_list& groups) : groups_(groups) {}
  /// `visible_by` as it stands in a row: a JSON list.
  [[nodiscard]] bool may_see(const std::string& visible_by) { return !own(visible_by).empty(); }
  /// The reader's own groups among those of a row.
  [[nodiscard]] const model::group_list& own(const std::string& visible_by);

 private:
  const model::group_list& groups_;
  std::map<std::string, model::group_list> own_;  ///< by `visible_by`
};

class entity_tables final : public table_set {
 public:
  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 2; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override { sql_.reset(); }
  bool fold(const queue::stored_record& record) override;
  void undone() override {}

  [[nodiscard]] std::optional<entity_details> find(const model::entity_id& id,
                                                   const model::group_list& groups,
                                                   std::size_t related_limit);
  [[nodiscard]] std::optional<entity_graph> walk(const model::entity_id& id,
                                                 const model::group_list& groups,
                                                 std::uint32_t levels, std::size_t node_limit);
  [[nodiscard]] std::optional<std::vector<model::comment>> comments(const model::entity_id& id,
                                                                    const model::group_list& groups,
                                                                    std::size_t limit);
  [[nodiscard]] bool sees(const model::entity_id& id, const model::group_list& groups);
  [[nodiscard]] bool has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                 const model::group_list& groups);

 private:
  bool fold_entity(const queue::stored_record& record);
  bool fold_association(const queue::stored_record& record);
  bool fold_comment(const queue::stored_record& record);
  [[nodiscard]] std::optional<entity_facts> facts_of(const std::string& id, reader_groups& readers);
  void add_related(entity_details& to, reader_groups& readers, std::size_t limit);

  std::unique_ptr<entity_statements> sql_;
};

}  // namespace sonde::views
