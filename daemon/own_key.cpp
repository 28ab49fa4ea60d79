#include "daemon/own_key.hpp"

#include "admin/keys.hpp"
#include "client/errc.hpp"
#include "daemon/small_file.hpp"
#include "model/auth/credential.hpp"
#include "model/events.hpp"
#include "model/text/json.hpp"

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* how_to_get_one =
    "set SONDE_TOKEN, or SONDE_API_KEY and SONDE_API_SECRET, or name the data folder of a server "
    "on this machine with --data-dir; `sonde key create`, run where that folder is, makes a key";
constexpr const char* no_variable =
    "no key was sent: SONDE_TOKEN and SONDE_API_KEY are not set, and ";

awaitable<void> read_into(queue::backend& queue,
                          std::optional<result<std::vector<model::credential>>>& into) {
  auto keys = co_await admin::read_keys(queue);
  into.emplace(std::move(keys));
}

awaitable<void> write_into(queue::backend& queue, model::credential key,
                           std::optional<error>& why) {
  std::vector<record> batch;
  batch.push_back(to_record(key));
  auto written = co_await queue.produce(std::move(batch));
  if (!written) why = written.error();
}

/// Runs a coroutine on the calling thread, which has no loop.
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

sent_credentials bearer(const std::string& token, std::string hint) {
  sent_credentials out;
  out.headers = {{"Authorization", "Bearer " + token}};
  out.hint = std::move(hint);
  return out;
}

sent_credentials no_key(const std::string& why) {
  sent_credentials out;
  out.hint = no_variable + why + "; " + how_to_get_one;
  return out;
}

/// Returns the credentials of the environment; no value if no variable is set.
result<std::optional<sent_credentials>> credentials_in(const environment& variables) {
  auto value = [&](const char* name) {
    auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  auto token = value("SONDE_TOKEN");
  auto key = value("SONDE_API_KEY");
  auto secret = value("SONDE_API_SECRET");
  if (!token.empty() && !(key.empty() && secret.empty())) {
    return fail(client::errc::usage,
                "SONDE_TOKEN is set, and SONDE_API_KEY or SONDE_API_SECRET too; set only the "
                "token, or only the other two");
  }
  if (key.empty() != secret.empty()) {
    return fail(client::errc::usage,
                "only one of SONDE_API_KEY and SONDE_API_SECRET is set; set both, or SONDE_TOKEN");
  }
  if (!token.empty()) return std::optional(bearer(token, "the key of SONDE_TOKEN was sent"));
  if (key.empty()) return std::optional<sent_credentials>();
  sent_credentials out;
  out.headers = {{"api-key", key}, {"api-secret", secret}};
  out.hint = "the key of SONDE_API_KEY and SONDE_API_SECRET was sent";
  return std::optional(std::move(out));
}

/// Returns the credentials in the key file of a data folder.
sent_credentials credentials_in(const fs::path& file) {
  std::error_code failed;
  bool there = fs::exists(file, failed);
  if (!there && !failed) return no_key("there is no file " + file.string());
  auto text = read_small_file(file);
  auto made = text ? model::parse_own(*text) : model::json();
  bool readable = made.is_object() && made.contains("token") && made["token"].is_string();
  auto token = readable ? made["token"].get<std::string>() : std::string();
  if (!readable) return no_key(file.string() + " cannot be read by this user");
  return bearer(token, "the key in " + file.string() +
                           " was sent; SONDE_TOKEN gives another one, --data-dir another folder");
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
  // A queue in memory has not created the folder.
  std::error_code failed;
  if (fs::create_directories(data_dir, failed)) {
    fs::permissions(data_dir, fs::perms::owner_all, failed);
  }
  // The file is written first: a key that nobody can read would lock out all users permanently.
  auto file = admin_key_file(data_dir);
  auto written = write_small_file(file, model::to_text(to_json(made)) + "\n");
  if (!written) return written.error();
  std::optional<error> why;
  run_here([&](const executor&) { return write_into(queue, made.what, why); });
  if (why) return *why;
  return std::optional(file);
}

result<sent_credentials> find_credentials(const client::server_address& server,
                                          folder_holder holder, const fs::path& data_dir,
                                          const environment& variables) {
  auto set = credentials_in(variables);
  if (!set) return set.error();
  if (*set) return std::move(**set);
  auto file = admin_key_file(data_dir);
  if (holder == folder_holder::server) return credentials_in(file);
  return no_key("the key in " + file.string() +
                " goes only to the daemon that holds that folder, which is not the one at " +
                server.text());
}

}  // namespace sonde::daemon
