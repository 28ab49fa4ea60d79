#pragma once

#include "daemon/settings.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace sonde::daemon {

/// Check of a setting's value. Refuses values of another form. The error completes a sentence that
/// begins with the setting's name.
using setting_check = std::function<result<>(const setting_value&)>;

[[nodiscard]] setting_check any_text();
[[nodiscard]] setting_check text_that(std::function<result<>(const std::string&)> check);
/// Returns a check that accepts only these words.
[[nodiscard]] setting_check one_of(std::vector<std::string> words);
[[nodiscard]] setting_check number_between(
    std::int64_t least, std::int64_t most = std::numeric_limits<std::uint32_t>::max());
[[nodiscard]] setting_check true_or_false();
[[nodiscard]] setting_check list_that(
    std::function<result<>(const std::vector<std::string>&)> check);

/// Checks an address with its port: `127.0.0.1:8480`.
[[nodiscard]] result<> check_listen(const std::string& value);
/// Checks that a text is allowed in a User-Agent (RFC 9110, section 10.1.5).
[[nodiscard]] result<> check_contact(const std::string& value);
/// Checks the name of a depth.
[[nodiscard]] result<> check_depth(const std::string& value);
/// Checks the prefix of topic names.
[[nodiscard]] result<> check_prefix(const std::string& value);
/// Checks that Kafka accepts a text as `group.instance.id`, under the rules of a topic name.
[[nodiscard]] result<> check_instance(const std::string& value);
/// Checks networks and names of a scope.
[[nodiscard]] result<> check_scope_list(const std::vector<std::string>& entries);
/// Checks addresses of name servers.
[[nodiscard]] result<> check_resolvers(const std::vector<std::string>& servers);
/// Checks names of gateways as in a certificate. A comma is refused: it separates the names of a
/// list from the environment.
[[nodiscard]] result<> check_gateway_names(const std::vector<std::string>& names);
/// Checks names that `Host` may have.
[[nodiscard]] result<> check_server_names(const std::vector<std::string>& names);
/// Checks the roles of a process.
[[nodiscard]] result<> check_roles(const std::vector<std::string>& roles);
/// Checks the pauses between attempts to send a webhook.
[[nodiscard]] result<> check_pauses(const std::vector<std::string>& pauses);

}  // namespace sonde::daemon
