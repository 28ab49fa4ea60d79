#pragma once

#include "base/limits.hpp"
#include "model/comment.hpp"
#include "views/audiences.hpp"
#include "views/entity_view.hpp"
#include "views/read_budget.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Questions to the tables behind `entity_view`. This folder's own.
namespace sonde::views {

/// What one source says of an entity to one audience.
struct entity_word {
  struct judgement {
    int value = 0;
    std::string time;  ///< and the record's offset: what orders them
    int best = 0;
    int worst = 0;
  };
  std::int64_t audience = 0;
  std::string source;
  std::string type;
  std::string value;
  std::string attributes;  ///< JSON, as are the tags
  std::string tags;
  std::string newest;  ///< the time of the attributes, which orders words
  wall_time first_seen{};
  wall_time last_seen{};
  std::optional<judgement> reputation;
  bool well_known = false;
};

/// An edge, from the end that was asked about. Ordered by age, then by what tells rows apart.
struct entity_edge {
  std::int64_t number = 0;    ///< of that end
  std::int64_t audience = 0;  ///< that it was said to
  std::int64_t other = 0;
  model::association_mode mode = model::association_mode::association;
  bool outgoing = true;
  std::string evidence;  ///< JSON
  wall_time first_seen{};
  wall_time last_seen{};
  std::string source;
  bool operator<(const entity_edge& than) const;
};

/// Asks by one connection; each question sees one state of the database. On the loop of whoever has
/// made it, which it blocks. What is hidden from the reader takes the same look-ups as what is not
/// there. Each question has a `read_budget`, whatever callers have written; where that ends, the
/// answer is cut.
class entity_reader {
 public:
  entity_reader(SQLite::Database& db, const limits& limits);

  [[nodiscard]] std::optional<entity_details> find(const model::entity_id& id,
                                                   const model::group_list& groups,
                                                   std::size_t related_limit);
  [[nodiscard]] std::optional<entity_graph> walk(const model::entity_id& id,
                                                 const model::group_list& groups,
                                                 std::uint32_t levels, std::size_t node_limit);
  [[nodiscard]] std::optional<entity_comments> comments(const model::entity_id& id,
                                                        const model::group_list& groups,
                                                        std::size_t limit);
  /// The first of these that is not there for the reader.
  [[nodiscard]] std::optional<model::entity_id> first_missing(
      const std::vector<model::entity_id>& ids, const model::group_list& groups);
  [[nodiscard]] bool has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                 const model::group_list& groups);

 private:
  /// How much of an assertion is read.
  enum class detail { whole, without_attributes };

  [[nodiscard]] std::int64_t number_of(const model::entity_id& id);
  [[nodiscard]] std::string id_of(std::int64_t number);
  [[nodiscard]] std::vector<entity_word> words_of(std::int64_t number,
                                                  const reader_audiences& readers, detail how,
                                                  read_budget& budget);
  [[nodiscard]] std::optional<entity_facts> facts_of(std::int64_t number,
                                                     const reader_groups& reader,
                                                     read_budget& budget);
  [[nodiscard]] std::optional<entity_summary> summary_of(std::int64_t number,
                                                         const std::vector<entity_word>& words);
  [[nodiscard]] bool sees(std::int64_t number, const reader_groups& reader, read_budget& budget) {
    return audiences_.any(number, seen_part::assertions, reader, budget);
  }
  /// The newest first, each pair of ends and mode once.
  [[nodiscard]] std::vector<entity_edge> edges_of(std::int64_t number, const reader_groups& reader,
                                                  std::size_t limit, read_budget& budget);
  [[nodiscard]] std::vector<entity_edge> edges_after(const entity_edge& after, std::size_t most);
  [[nodiscard]] bool put_text(model::comment& comment, std::int64_t audience);

  SQLite::Database& db_;
  const limits& limits_;
  audience_reader audiences_;
  SQLite::Statement find_number_;
  SQLite::Statement find_id_;
  SQLite::Statement find_words_;
  SQLite::Statement find_judgements_;
  SQLite::Statement find_edges_from_;
  SQLite::Statement find_edges_to_;
  SQLite::Statement find_comments_;
  SQLite::Statement find_text_;
  SQLite::Statement find_comment_;
};

}  // namespace sonde::views
