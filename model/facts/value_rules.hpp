#pragma once

#include "base/result.hpp"
#include "model/net/address_scope.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The functions that convert text to canonical form, one for each data type. Only
/// `model/facts/value.cpp` calls them, with text that is UTF-8, not blank, and within the limit of
/// a value.
namespace sonde::model::value_rules {

/// Makes the error for `text`. The sentence shows the beginning of the text.
[[nodiscard]] error refuse(std::string_view text, const std::string& why);

// address_values.cpp
result<std::string> ip(std::string_view text, const address_scope& scope);
result<std::string> cidr(std::string_view text, const address_scope& scope);
result<std::string> endpoint(std::string_view text, const address_scope& scope);
result<std::string> fqdn(std::string_view text);
result<std::string> port(std::string_view text);
result<std::string> mac(std::string_view text);

// digest_values.cpp
result<std::string> uuid(std::string_view text);
result<std::string> md5(std::string_view text);
result<std::string> digest(std::string_view text, std::size_t bits);
result<std::string> file_id(std::string_view text);
result<std::string> hexadecimal(std::string_view text);
result<std::string> base64(std::string_view text);

// email_value.cpp, url_value.cpp
result<std::string> email(std::string_view text);
result<std::string> url(std::string_view text);

// number_values.cpp
result<std::string> integer(std::string_view text);
result<std::string> integer(double value);
result<std::string> floating(std::string_view text);
result<std::string> floating(double value);

// text_values.cpp
result<std::string> text(std::string_view text);
result<std::string> case_sensitive_text(std::string_view text);
result<std::string> path(std::string_view text);
result<std::string> phone(std::string_view text);
result<std::string> mime_type(std::string_view text);
result<std::string> regex(std::string_view text);
/// Returns the work to compile a regular expression, in the units of `value_work`.
std::uint64_t regex_work(std::string_view text);
result<std::string> boolean(std::string_view text);
result<std::string> adversary(std::string_view text);

// time_values.cpp
result<std::string> date(std::string_view text);
result<std::string> datetime(std::string_view text);

}  // namespace sonde::model::value_rules
