#pragma once

#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

/// Names of enumerators. Only .cpp files include this header: beside the `name_of` of an
/// enumeration, in its namespace, `BOOST_DESCRIBE_ENUM` lists its enumerators.
namespace sonde {

/// Returns the identifier of an enumerator; empty for a value that is not listed.
template <class Enum>
[[nodiscard]] std::string_view enum_name(Enum value) {
  std::string_view out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto each) {
    if (each.value == value) out = each.name;
  });
  return out;
}

template <class Enum>
[[nodiscard]] std::optional<Enum> enum_named(std::string_view name) {
  std::optional<Enum> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto each) {
    if (each.name == name) out = each.value;
  });
  return out;
}

/// Published names that differ from the identifiers, in the order of the enumerators.
template <class Enum, std::size_t Count>
struct enum_table {
  std::array<std::pair<Enum, std::string_view>, Count> rows;

  /// Reports whether row number `i` belongs to the enumerator with the value `i`. Without it,
  /// `name` returns wrong names.
  [[nodiscard]] constexpr bool is_in_order() const {
    for (std::size_t i = 0; i < Count; ++i) {
      if (static_cast<std::size_t>(rows[i].first) != i) return false;
    }
    return true;
  }

  [[nodiscard]] constexpr std::string_view name(Enum value) const {
    return rows[static_cast<std::size_t>(value)].second;
  }

  [[nodiscard]] constexpr std::array<Enum, Count> values() const {
    std::array<Enum, Count> out{};
    for (std::size_t i = 0; i < Count; ++i)
      out[i] = rows[i].first;
    return out;
  }
};

}  // namespace sonde
