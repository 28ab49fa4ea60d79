#include "admin/keys.hpp"

#include "admin/errc.hpp"
#include "admin/topic_reads.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "model/auth/audit_entry.hpp"
#include "model/events.hpp"
#include "model/text/text.hpp"

#include <array>
#include <map>

namespace sonde::admin {
namespace {

using verb = key_command::verb;
using model::json;

/// Time limit for reading all keys: a million keys are some hundred megabytes.
constexpr std::chrono::seconds reading_patience{60};

awaitable<result<json>> create(key_changes& changes, model::key_order order, steady_time until) {
  auto made = co_await changes.make(std::move(order), until);
  if (!made) co_return made.error();
  auto answer = model::to_json(*made);
  // These fields are optional in an order.
  answer["userID"] = made->what.user_id;
  answer["roles"] = made->what.roles;
  answer["groups"] = made->what.groups;
  co_return answer;
}

awaitable<result<json>> revoke(key_changes& changes, std::string id, steady_time until) {
  auto shown = model::first_line(id, 64);
  auto revoked = co_await changes.revoke(std::move(id), {}, until);
  if (!revoked && revoked.error().code == make_error_code(errc::not_found)) {
    co_return fail(errc::not_found,
                   "there is no key \"" + shown + "\"; `sonde key list` shows the keys");
  }
  if (!revoked) co_return revoked.error();
  json answer = {{"message", "acknowledged"}};
  co_return answer;
}

json list(const views::credential_view& credentials) {
  json keys = json::array();
  for (const auto& key : credentials.list({}))
    keys.push_back(model::describe(key.what, key.last_used));
  return {{"keys", std::move(keys)}};
}

/// Writes the audit entry with one attempt: a full disk must not delay the response, which holds
/// the secret.
awaitable<void> write_audit_entry(queue::backend& queue, const key_command& command,
                                  const result<json>& done, const clock& clock, logger& log) {
  model::audit_entry entry;
  entry.time = clock.now();
  std::array<std::byte, 8> id{};
  kernel_random(id);
  entry.request = to_hex(id);
  entry.client = "local";
  entry.action = action_of(command.what);
  entry.object = done ? done->value("keyID", command.id) : command.id;
  entry.status = done ? 200 : status_of(done.error());
  if (!done) entry.reason = done.error().message();
  std::vector<record> batch;
  batch.push_back(model::to_record(entry));
  auto written = co_await queue.produce(std::move(batch));
  if (!written) log.error("audit entry lost", {{"error", written.error().message()}});
}

}  // namespace

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

awaitable<result<json>> do_key_command(key_changes& changes, views::credential_view& credentials,
                                       key_command command, steady_time until) {
  if (command.what == verb::create) {
    co_return co_await create(changes, std::move(command.order), until);
  }
  if (command.what == verb::revoke) {
    co_return co_await revoke(changes, std::move(command.id), until);
  }
  auto all_read = co_await read_all_keys(credentials, until);
  if (!all_read) co_return all_read.error();
  co_return list(credentials);
}

awaitable<result<json>> do_key_command_here(queue::backend& queue, key_command command,
                                            const views::limits& limits, const clock& clock) {
  auto loop = co_await asio::this_coro::executor;
  logger log(log_level::error);
  views::credential_view credentials(loop, queue, limits, clock, log);
  context around{loop, queue, limits, clock, log};
  key_changes changes(around, credentials, kernel_random);
  credentials.start();
  auto until = clock.steady_now() + reading_patience;
  result<json> out = fail(errc::behind, "the credentials could not be read in time");
  bool read = co_await credentials.wait_until_caught_up(until);
  if (read) out = co_await do_key_command(changes, credentials, command, until);
  bool changes_something = !action_of(command.what).empty();
  if (changes_something) co_await write_audit_entry(queue, command, out, clock, log);
  co_await changes.stop();
  co_await credentials.stop();
  co_return out;
}

}  // namespace sonde::admin
