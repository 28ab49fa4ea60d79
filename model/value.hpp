#pragma once

#include "base/result.hpp"
#include "model/address_scope.hpp"
#include "model/data_type.hpp"
#include "model/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// The most bytes of a value, before and after it is brought into its canonical form.
constexpr std::size_t longest_value = 65'536;

/// A value of a data type in its canonical form, of which its entity's id is made.
///
/// Text stands for every data type; a JSON number also for Integer and Float, true and false for
/// Boolean. What is refused is refused by `errc::invalid_value`, with a sentence that names the
/// trouble and the mend. The canonical form is accepted again and is its own.
///
/// An IP address (also of a network or an endpoint) must mean the same to everybody
/// (`address_class::meaningful`) or be allowed by `scope`. One that does is accepted even where
/// `scope` denies it: nothing is sent there.
[[nodiscard]] result<std::string> canonical_value(data_type type, const json& value,
                                                  const address_scope& scope);
/// The same for a value that is text.
[[nodiscard]] result<std::string> canonical_text(data_type type, std::string_view text,
                                                 const address_scope& scope);

}  // namespace sonde::model
