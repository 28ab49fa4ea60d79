#include "client/keys.hpp"

#include "client/columns.hpp"
#include "client/errc.hpp"
#include "client/topic_reads.hpp"
#include "model/events.hpp"
#include "model/field_reader.hpp"
#include "model/text.hpp"

#include <algorithm>
#include <chrono>
#include <map>

namespace sonde::client {
namespace {

using model::json;
using verb = key_command::verb;

constexpr std::uint32_t command_depth = 4;
constexpr const char* names_of_verbs[] = {"create", "list", "revoke"};

/// A time of a key, or nothing. A server of an earlier version has Unix seconds under another name.
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

void show_new_key(const json& made, terminal& out) {
  auto text = [&](const char* field) { return made.at(field).get<std::string>(); };
  out.print("api-key     " + text("apiKey") + "\napi-secret  " + text("apiSecret") +
            "\ntoken       " + text("token") + "\nexpires     " + expiry_of(made) + "\n");
  if (out.failed()) return;
  out.say("the secret is shown this once; keep it where only its user can read it");
}

/// A secret that could not be printed is lost, and its key is valid nevertheless.
void check_that_shown(const json& made, terminal& out) {
  if (out.finish(exit_code::done) == exit_code::done) return;
  auto id = made.at("keyID").get<std::string>();
  out.complain("the key " + id +
               " was created and its secret was not printed completely; run `sonde key revoke " +
               id + "` and create another one");
}

}  // namespace

std::string to_json_text(const key_command& command) {
  const auto& order = command.order;
  json out = {{"verb", names_of_verbs[static_cast<int>(command.what)]},
              {"id", command.id},
              {"name", order.name},
              {"user", order.user_id},
              {"roles", order.roles},
              {"groups", order.groups},
              {"days", order.days}};
  return model::to_text(out);
}

result<key_command> parse_key_command(std::string_view text) {
  auto parsed = model::parse_json(text, command_depth);
  if (!parsed) return parsed.error();
  model::field_reader fields(*parsed);
  key_command out;
  auto name = fields.text("verb");
  auto found = std::ranges::find(names_of_verbs, name);
  if (found == std::end(names_of_verbs)) {
    fields.refuse("verb", "there is no such verb");
  } else {
    out.what = static_cast<verb>(found - std::begin(names_of_verbs));
  }
  out.id = fields.text("id");
  out.order.name = fields.text("name");
  out.order.user_id = fields.text("user");
  out.order.roles = fields.texts("roles");
  out.order.groups = fields.texts("groups");
  out.order.days = fields.small_number("days");
  if (fields.failed()) return fields.trouble();
  return out;
}

awaitable<result<std::vector<model::credential>>> read_keys(queue::backend& queue) {
  std::map<std::string, model::credential> keys;
  auto take = [&keys](const queue::stored_record& one) {
    if (model::is_key_use(one.what)) return;
    auto key = model::parse_credential(one.what.value);
    if (!key || key->id.str() != one.what.key) return;
    auto& known = keys[one.what.key];
    if (!known.revoked) known = std::move(*key);
  };
  std::string topic = model::topics::credentials;
  auto all = co_await read_all(queue, std::move(topic), take);
  if (!all) co_return all.error();
  std::vector<model::credential> out;
  for (auto& [id, key] : keys)
    out.push_back(std::move(key));
  co_return out;
}

awaitable<int> run_key_command(key_function ask, key_command command, terminal& out) {
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
