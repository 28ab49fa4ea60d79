#pragma once

#include "model/facts/value.hpp"
#include "tests/support/doctest.hpp"

#include <initializer_list>
#include <string>

namespace sonde::model::test {

struct accepted_row {
  std::string written;
  std::string canonical;
};

struct refused_row {
  std::string written;
  const char* named;  ///< a part of the message
};

/// Checks that each value is accepted in this form, which is its own canonical form.
void check_accepted(data_type type, std::initializer_list<accepted_row> rows,
                    const address_scope& scope = address_scope());
/// Checks that each value is accepted unchanged.
void check_unchanged(data_type type, std::initializer_list<std::string> rows);
/// Checks that each value is refused, with a message of limited length that names the error.
void check_refused(data_type type, std::initializer_list<refused_row> rows,
                   const address_scope& scope = address_scope());

}  // namespace sonde::model::test
