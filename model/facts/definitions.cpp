#include "model/facts/definitions.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

/// Lists of names, separated by one space.
struct name_lists {
  std::string_view attributes = {};
  std::string_view associations = {};
  std::string_view tags = {};
  std::string_view correlate = {};
};

struct table_row {
  std::string_view type;
  data_type main_value;
  std::string_view description;
  name_lists names = {};
};

constexpr table_row definition_table[] = {
#include "model/facts/definition_table.inc"
};

std::vector<std::string_view> split(std::string_view names) {
  std::vector<std::string_view> out;
  while (!names.empty()) {
    auto end = std::min(names.find(' '), names.size());
    out.push_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return out;
}

std::vector<definition> read_table() {
  std::vector<definition> out;
  out.reserve(std::size(definition_table));
  for (const auto& row : definition_table) {
    out.push_back({row.type, row.main_value, row.description, split(row.names.attributes),
                   split(row.names.associations), split(row.names.tags),
                   split(row.names.correlate)});
  }
  return out;
}

}  // namespace

std::span<const definition> all_definitions() {
  static const std::vector<definition> all = read_table();
  return all;
}

const definition* find_definition(std::string_view type) {
  auto all = all_definitions();
  auto found = std::ranges::lower_bound(all, type, {}, &definition::type);
  return found != all.end() && found->type == type ? &*found : nullptr;
}

}  // namespace sonde::model
