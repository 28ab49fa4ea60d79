#pragma once

#include "base/clock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace sonde::views {

/// A value for one parameter of a statement. `name` is a literal and starts with a colon. Refers to
/// the value, so it lasts for one expression.
template <class T>
struct named {
  const char* name;
  const T& value;
};
template <class T>
named(const char*, const T&) -> named<T>;

/// Returns `(a, b) VALUES(:a, :b)`: the columns that an INSERT writes, and a parameter for each.
[[nodiscard]] std::string columns_and_values(std::initializer_list<const char*> columns);

/// A prepared statement that writes one row and whose parameters have names. Internal to this
/// folder.
class named_statement {
 public:
  named_statement(SQLite::Database& db, const std::string& sql) : statement_(db, sql) {}

  /// Binds all parameters and runs the statement. Each name is looked up once: later calls
  /// recognise it by its place and its address. Texts are not copied. Throws `std::logic_error` if
  /// the names are not those of the statement.
  template <class... Values>
  void run(const named<Values>&... values) {
    statement_.reset();
    check_count(sizeof...(values));
    std::size_t place = 0;
    (bind(index_of(place++, values.name), values.value), ...);
    statement_.exec();
  }

 private:
  struct known_parameter {
    const char* name = nullptr;
    int index = 0;
  };

  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      statement_.bind(index);
    }
  }
  void bind(int index, wall_time value) {
    statement_.bind(index, static_cast<std::int64_t>(value.time_since_epoch().count()));
  }
  void bind(int index, const std::string& value) { statement_.bindNoCopy(index, value); }
  /// Binds NULL for nullptr.
  void bind(int index, const std::string* value) {
    if (value != nullptr) {
      bind(index, *value);
    } else {
      statement_.bind(index);
    }
  }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void bind(int index, T value) {
    statement_.bind(index, static_cast<std::int64_t>(value));
  }

  [[nodiscard]] int index_of(std::size_t place, const char* name) {
    bool known = place < known_.size() && known_[place].name == name;
    return known ? known_[place].index : find_index(place, name);
  }
  [[nodiscard]] int find_index(std::size_t place, const char* name);
  void check_count(std::size_t values);

  SQLite::Statement statement_;
  std::vector<known_parameter> known_;  ///< by place among the values of `run`
};

}  // namespace sonde::views
