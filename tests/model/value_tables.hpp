#pragma once

#include "model/value.hpp"
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
  const char* named;  ///< stands in the sentence
};

/// Each is accepted in this form, which is its own canonical form.
void check_accepted(data_type type, std::initializer_list<accepted_row> rows,
                    const address_scope& scope = address_scope());
/// Each is accepted as it is.
void check_unchanged(data_type type, std::initializer_list<std::string> rows);
/// Each is refused, by a sentence of bounded length that names the trouble.
void check_refused(data_type type, std::initializer_list<refused_row> rows,
                   const address_scope& scope = address_scope());

}  // namespace sonde::model::test
