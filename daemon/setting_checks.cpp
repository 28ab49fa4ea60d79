#include "daemon/setting_checks.hpp"

#include "model/errc.hpp"
#include "model/net/address_scope.hpp"
#include "model/net/target.hpp"
#include "model/scan/scan_depth.hpp"
#include "scanner/resolver/resolver.hpp"
#include "webhook/retry_plan.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::daemon {
namespace {

error wrong(const std::string& what) {
  return fail(model::errc::invalid_field, what);
}

result<> check_word(const std::string& value, const std::vector<std::string>& words) {
  if (std::ranges::find(words, value) != words.end()) return {};
  std::string all;
  for (const auto& word : words)
    all += (all.empty() ? "" : ", ") + word;
  return wrong("\"" + value + "\" is not one of " + all);
}

/// Returns a check of one alternative of a value. A value of another form is refused with
/// `other_form`.
template <class Form>
setting_check check_of(std::string other_form, std::function<result<>(const Form&)> check) {
  return [other_form = std::move(other_form),
          check = std::move(check)](const setting_value& value) -> result<> {
    const auto* given = std::get_if<Form>(&value);
    if (given == nullptr) return wrong(other_form);
    return check(*given);
  };
}

}  // namespace

setting_check text_that(std::function<result<>(const std::string&)> check) {
  return check_of<std::string>("is not a string", std::move(check));
}

setting_check any_text() {
  return text_that([](const std::string&) { return result<>(); });
}

setting_check one_of(std::vector<std::string> words) {
  return text_that(
      [words = std::move(words)](const std::string& value) { return check_word(value, words); });
}

setting_check number_between(std::int64_t least, std::int64_t most) {
  auto refusal = fmt::format("is not a number between {} and {}", least, most);
  auto check = [least, most, refusal](const std::int64_t& given) -> result<> {
    if (given >= least && given <= most) return {};
    return wrong(refusal);
  };
  return check_of<std::int64_t>(refusal, check);
}

setting_check true_or_false() {
  return check_of<bool>("is neither true nor false", [](const bool&) { return result<>(); });
}

setting_check list_that(std::function<result<>(const std::vector<std::string>&)> check) {
  return check_of<std::vector<std::string>>("is not a list of strings", std::move(check));
}

result<> check_listen(const std::string& value) {
  auto parsed = parse_listen(value);
  if (!parsed) return parsed.error();
  return {};
}

result<> check_contact(const std::string& value) {
  bool printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && value.size() <= 200) return {};
  return wrong("is not a printable ASCII string of at most 200 characters");
}

result<> check_depth(const std::string& value) {
  if (model::read_depth(value)) return {};
  return wrong("is not one of light, standard, deep");
}

result<> check_prefix(const std::string& value) {
  bool plain = !value.empty() && value.size() <= 64 && std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (plain) return {};
  return wrong("is not a prefix of letters, digits, dots, - and _");
}

result<> check_instance(const std::string& value) {
  bool plain = value.size() <= 200 && std::ranges::all_of(value, [](char c) {
                 return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
               });
  if (plain) return {};
  return wrong("is not a name of letters, digits, dots, - and _");
}

result<> check_scope_list(const std::vector<std::string>& entries) {
  auto parsed = model::address_scope::from_rules({entries, {}, {}});
  if (!parsed) return parsed.error();
  return {};
}

result<> check_resolvers(const std::vector<std::string>& servers) {
  for (const auto& server : servers) {
    if (auto fine = scanner::check_server(server); !fine) return fine.error();
  }
  return {};
}

result<> check_gateway_names(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    bool plain = !name.empty() && name.size() <= 253 &&
                 std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~' && c != ','; });
    if (!plain) return wrong("\"" + name + "\" is not a name of printable ASCII without commas");
    if (name == "*" && names.size() > 1) {
      return wrong("\"*\" means every certificate; leave the other names out, or leave it out");
    }
  }
  return {};
}

result<> check_server_names(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    auto fine = model::target::parse(name);
    if (!fine) return wrong("\"" + name + "\" is not a host name or an IP address");
  }
  return {};
}

result<> check_roles(const std::vector<std::string>& roles) {
  if (roles.empty()) return wrong("names no role");
  for (const auto& role : roles) {
    auto fine = check_word(role, {"ingest", "scanner", "view", "webhook"});
    if (!fine) return fine.error();
  }
  return {};
}

result<> check_pauses(const std::vector<std::string>& pauses) {
  auto parsed = webhook::parse_pauses(pauses);
  if (!parsed) return parsed.error();
  return {};
}

}  // namespace sonde::daemon
