#include "daemon/own_key.hpp"

#include "client/errc.hpp"
#include "client/keys.hpp"
#include "daemon/small_file.hpp"
#include "model/credential.hpp"
#include "model/events.hpp"
#include "model/json.hpp"

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* how_to_come_by_one =
    "set SONDE_TOKEN, or SONDE_API_KEY and SONDE_API_SECRET; `sonde key create`, run where the "
    "server's data folder is, makes a key";

awaitable<void> read_into(queue::backend& queue,
                          std::optional<result<std::vector<model::credential>>>& into) {
  auto keys = co_await client::read_keys(queue);
  into.emplace(std::move(keys));
}

awaitable<void> write_into(queue::backend& queue, model::credential key,
                           std::optional<error>& why) {
  std::vector<record> batch;
  batch.push_back(to_record(key));
  auto written = co_await queue.produce(std::move(batch));
  if (!written) why = written.error();
}

/// Runs a coroutine on the calling thread, which has no loop of its own.
void run_here(const std::function<awaitable<void>(executor)>& make) {
  asio::io_context loop(1);
  asio::co_spawn(loop, make(loop.get_executor()), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  loop.run();
}

model::key_order admin_order() {
  model::key_order out;
  out.name = "admin";
  out.user_id = "admin";
  out.user_name = "admin";
  out.roles = {model::roles::admin};
  out.groups = {model::public_group};
  return out;
}

/// The token in a data folder's file; empty where there is none.
std::string token_in(const fs::path& file, std::string& hint) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  auto text = read_small_file(file);
  auto made = text ? model::parse_own(*text) : model::json();
  if (made.is_object() && made.contains("token") && made["token"].is_string()) {
    return made["token"].get<std::string>();
  }
  hint = file.string() + " cannot be read by this user; " + how_to_come_by_one;
  return {};
}

}  // namespace

fs::path admin_key_file(const fs::path& data_dir) {
  return data_dir / "admin-key";
}

result<std::optional<fs::path>> make_first_key(queue::backend& queue, const fs::path& data_dir,
                                               const random_source& random, const clock& clock) {
  std::optional<result<std::vector<model::credential>>> keys;
  run_here([&](const executor&) { return read_into(queue, keys); });
  if (!*keys) return keys->error();
  if (!(*keys)->empty()) return std::optional<fs::path>();
  model::key_bytes bytes{};
  random(bytes);
  auto made = model::make_key(admin_order(), bytes, clock.now());
  // A queue in memory has made no folder.
  std::error_code failed;
  if (fs::create_directories(data_dir, failed)) {
    fs::permissions(data_dir, fs::perms::owner_all, failed);
  }
  // The file first: a key that nobody can read would keep everybody out for ever.
  auto file = admin_key_file(data_dir);
  auto written = write_small_file(file, model::to_text(to_json(made)) + "\n");
  if (!written) return written.error();
  std::optional<error> why;
  run_here([&](const executor&) { return write_into(queue, made.what, why); });
  if (why) return *why;
  return std::optional(file);
}

result<> add_credentials(client::server_address& to, const fs::path& data_dir, bool its_own,
                         const environment& variables) {
  auto value = [&](const char* name) {
    auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  auto token = value("SONDE_TOKEN");
  auto key = value("SONDE_API_KEY");
  auto secret = value("SONDE_API_SECRET");
  if (!token.empty() && !(key.empty() && secret.empty())) {
    return fail(client::errc::usage,
                "SONDE_TOKEN is set, and SONDE_API_KEY or SONDE_API_SECRET too; set one kind");
  }
  if (key.empty() != secret.empty()) {
    return fail(client::errc::usage,
                "of SONDE_API_KEY and SONDE_API_SECRET only one is set; set both, or SONDE_TOKEN");
  }
  to.key_hint = "this command found none to show; ";
  to.key_hint += how_to_come_by_one;
  if (!key.empty()) {
    to.headers = {{"api-key", key}, {"api-secret", secret}};
    to.key_hint = "shown was the key of SONDE_API_KEY";
    return {};
  }
  if (!token.empty()) {
    to.headers = {{"Authorization", "Bearer " + token}};
    to.key_hint = "shown was the key of SONDE_TOKEN";
    return {};
  }
  if (!its_own) return {};
  auto file = admin_key_file(data_dir);
  token = token_in(file, to.key_hint);
  if (token.empty()) return {};
  to.headers = {{"Authorization", "Bearer " + token}};
  to.key_hint = "shown was the key in " + file.string();
  return {};
}

}  // namespace sonde::daemon
