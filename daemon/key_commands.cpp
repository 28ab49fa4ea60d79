#include "daemon/key_commands.hpp"

#include "base/random.hpp"
#include "client/errc.hpp"
#include "model/text.hpp"
#include "views/key_errc.hpp"

namespace sonde::daemon {
namespace {

using verb = client::key_command::verb;
using model::json;

/// For all keys to be read: a million are some hundred megabytes.
constexpr std::chrono::seconds reading_patience{60};

error key_failure(const error& why) {
  auto is = [&](views::key_errc code) { return why.code == make_error_code(code); };
  if (is(views::key_errc::invalid)) return fail(client::errc::usage, why.message());
  if (is(views::key_errc::not_found)) return fail(client::errc::not_found, why.message());
  return fail(client::errc::try_later, why.message());
}

awaitable<result<json>> create(views::key_changes& changes, model::key_order order,
                               steady_time until) {
  auto made = co_await changes.make(std::move(order), until);
  if (!made) co_return key_failure(made.error());
  co_return model::to_json(*made);
}

awaitable<result<json>> revoke(views::key_changes& changes, std::string id, steady_time until) {
  auto shown = model::first_line(id, 64);
  auto revoked = co_await changes.revoke(std::move(id), {}, until);
  if (!revoked && revoked.error().code == make_error_code(views::key_errc::not_found)) {
    co_return fail(client::errc::not_found,
                   "there is no key \"" + shown + "\"; `sonde key list` shows the keys");
  }
  if (!revoked) co_return key_failure(revoked.error());
  json answer = {{"message", "acknowledged"}};
  co_return answer;
}

json list(const views::credential_view& credentials) {
  json keys = json::array();
  for (const auto& key : credentials.list({}))
    keys.push_back(model::describe(key.what, key.last_used));
  return {{"keys", std::move(keys)}};
}

}  // namespace

awaitable<result<json>> do_key_command(views::key_changes& changes,
                                       views::credential_view& credentials,
                                       client::key_command command, steady_time until) {
  if (command.what == verb::create) {
    co_return co_await create(changes, std::move(command.order), until);
  }
  if (command.what == verb::revoke) {
    co_return co_await revoke(changes, std::move(command.id), until);
  }
  bool current = co_await credentials.catch_up(until);
  if (!current) {
    co_return fail(client::errc::try_later,
                   "the credentials are behind their topic; try again later");
  }
  co_return list(credentials);
}

awaitable<result<json>> do_key_command_here(queue::backend& queue, client::key_command command,
                                            const limits& limits, const clock& clock) {
  auto loop = co_await asio::this_coro::executor;
  logger log(log_level::error);
  views::credential_view credentials(loop, queue, limits, clock, log);
  views::key_changes changes(loop, queue, credentials, kernel_random, limits, clock, log);
  credentials.start();
  auto until = clock.steady_now() + reading_patience;
  result<json> out = fail(client::errc::try_later, "the credentials could not be read in time");
  bool read = co_await credentials.wait_until_caught_up(until);
  if (read) out = co_await do_key_command(changes, credentials, std::move(command), until);
  co_await changes.stop();
  co_await credentials.stop();
  co_return out;
}

}  // namespace sonde::daemon
