#include "client/keys.hpp"

#include "base/clock.hpp"
#include "client/columns.hpp"
#include "client/errc.hpp"
#include "model/text/text.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::client {
namespace {

using model::json;
using verb = admin::key_command::verb;

/// Returns a time field of a key, or an empty text. A server of an earlier version sends Unix
/// seconds under `earlier_name`.
std::string time_of(const json& key, const char* name, const char* earlier_name) {
  if (key.contains(name)) return key[name].get<std::string>();
  auto at = key.value(earlier_name, std::int64_t{0});
  return at == 0 ? "" : to_rfc3339(wall_time(std::chrono::seconds(at)));
}

std::string expiry_of(const json& key) {
  auto time = time_of(key, "expires", "expireAt");
  return time.empty() ? "never" : time.substr(0, sizeof "2026-11-22" - 1);
}

std::string last_use_of(const json& key) {
  auto time = time_of(key, "last_used", "lastUsed");
  return time.empty() ? "-" : time.substr(0, sizeof "2026-11-22T23:40" - 1) + "Z";
}

std::string joined(const json& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ",") + name.get<std::string>();
  return out;
}

std::string table_of(const json& keys) {
  std::vector<std::vector<std::string>> rows = {
      {"KEY", "NAME", "USER", "ROLES", "GROUPS", "EXPIRES", "LAST USED"}};
  for (const auto& key : keys) {
    auto text = [&](const char* field) {
      return model::first_line(key.at(field).get<std::string>(), 40);
    };
    rows.push_back({text("keyID"), text("keyName"), text("userID"), joined(key.at("roles")),
                    joined(key.at("groups")), expiry_of(key), last_use_of(key)});
  }
  return in_columns(rows);
}

/// Returns the lines with the owner and the rights of a new key. Empty for a daemon of an earlier
/// version.
std::string rights_of(const json& made) {
  std::string out;
  if (made.contains("userID")) out += "user        " + made["userID"].get<std::string>() + "\n";
  if (made.contains("roles")) out += "roles       " + joined(made["roles"]) + "\n";
  if (made.contains("groups")) out += "groups      " + joined(made["groups"]) + "\n";
  return out;
}

void show_new_key(const json& made, terminal& out) {
  auto text = [&](const char* field) { return made.at(field).get<std::string>(); };
  out.print("api-key     " + text("apiKey") + "\napi-secret  " + text("apiSecret") +
            "\ntoken       " + text("token") + "\n" + rights_of(made) + "expires     " +
            expiry_of(made) + "\n");
  if (out.failed()) return;
  out.say("the secret is shown only once; store it where only its user can read it");
}

/// Reports a secret that could not be printed: it is lost, but its key is valid.
void check_that_shown(const json& made, terminal& out) {
  if (out.finish(exit_code::done) == exit_code::done) return;
  auto id = made.at("keyID").get<std::string>();
  out.complain("the key " + id +
               " was created and its secret was not printed completely; run `sonde key revoke " +
               id + "` and create another one");
}

}  // namespace

awaitable<int> run_key_command(key_function ask, admin::key_command command, terminal& out) {
  auto answer = co_await ask(command);
  if (!answer) {
    out.complain(answer.error().message());
    co_return exit_code_of(answer.error());
  }
  if (command.what == verb::list) {
    const auto& keys = answer->at("keys");
    std::string text;
    for (const auto& key : keys)
      text += model::to_text(key) + "\n";
    out.print(out.for_people() ? table_of(keys) : text);
  } else if (!out.for_people()) {
    out.print(model::to_text(*answer) + "\n");
  } else if (command.what == verb::create) {
    show_new_key(*answer, out);
  }
  if (command.what == verb::create) check_that_shown(*answer, out);
  if (command.what == verb::revoke) out.say("the key " + command.id + " is revoked");
  co_return exit_code::done;
}

}  // namespace sonde::client
