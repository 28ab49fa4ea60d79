#include "daemon/variables.hpp"

#include "daemon/former_settings.hpp"
#include "daemon/settings.hpp"
#include "model/errc.hpp"
#include "model/text/json.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::daemon {
namespace {

constexpr std::string_view our_variables = "SONDE_";
/// Variables that the program reads and that are not settings.
constexpr std::string_view other_variables[] = {"SONDE_CONFIG", "SONDE_TOKEN", "SONDE_API_KEY",
                                                "SONDE_API_SECRET"};

/// Returns true for a variable of Kubernetes: `SONDE_SERVICE_HOST`, `SONDE_SERVICE_PORT_HTTP`,
/// `SONDE_PORT_8480_TCP_ADDR`, and `SONDE_PORT` with `tcp://10.0.0.1:8480`.
bool is_service_link(const std::string& name, const std::string& value) {
  auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  return has("_SERVICE_HOST") || has("_SERVICE_PORT") || has("_TCP") || has("_UDP") ||
         (name.ends_with("_PORT") && value.find("://") != std::string::npos);
}

bool is_former(const std::string& name) {
  return std::ranges::any_of(former_settings(),
                             [&](const auto& each) { return each.old.variable() == name; });
}

}  // namespace

result<> check_variables(const environment& variables) {
  std::vector<std::string> settings;
  for (const auto& each : all_settings())
    settings.push_back(each.variable());
  std::vector<std::string_view> known(std::begin(other_variables), std::end(other_variables));
  known.insert(known.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : variables) {
    bool ours = name.starts_with(our_variables) && !name.starts_with(kafka_variables);
    if (!ours || is_service_link(name, value)) continue;
    if (std::ranges::find(known, name) != known.end() || is_former(name)) continue;
    auto meant = model::nearest_word(name, known);
    auto mend = meant.empty() ? std::string("; docs/reference/configuration.md lists the variables")
                              : "; did you mean " + std::string(meant) + "?";
    return fail(model::errc::invalid_field,
                "environment: unknown variable " + model::to_text(name) + mend);
  }
  return {};
}

}  // namespace sonde::daemon
