#include "views/named_statement.hpp"

#include <stdexcept>

namespace sonde::views {

std::string columns_and_values(std::initializer_list<const char*> columns) {
  std::string names;
  std::string parameters;
  for (const char* column : columns) {
    if (!names.empty()) {
      names += ", ";
      parameters += ", ";
    }
    names += column;
    parameters += ':';
    parameters += column;
  }
  return '(' + names + ") VALUES(" + parameters + ')';
}

int named_statement::find_index(std::size_t place, const char* name) {
  auto index = statement_.getIndex(name);
  if (index == 0) {
    throw std::logic_error(std::string("no parameter ") + name + " in: " + statement_.getQuery());
  }
  if (known_.size() <= place) known_.resize(place + 1);
  known_[place] = {name, index};
  return index;
}

void named_statement::check_count(std::size_t values) {
  if (values == static_cast<std::size_t>(statement_.getBindParameterCount())) return;
  throw std::logic_error("not all parameters are bound in: " + statement_.getQuery());
}

}  // namespace sonde::views
