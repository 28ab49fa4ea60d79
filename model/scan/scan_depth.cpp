#include "model/scan/scan_depth.hpp"

#include "base/enum_names.hpp"

namespace sonde::model {

BOOST_DESCRIBE_ENUM(scan_depth, light, standard, deep)

std::string_view name_of(scan_depth depth) {
  return enum_name(depth);
}

std::optional<scan_depth> read_depth(std::string_view name) {
  return enum_named<scan_depth>(name);
}

bool includes(std::optional<scan_depth> held, std::optional<scan_depth> wanted) {
  return held.value_or(scan_depth::standard) >= wanted.value_or(scan_depth::standard);
}

}  // namespace sonde::model
