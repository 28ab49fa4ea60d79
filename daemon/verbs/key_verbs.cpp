#include "admin/key_command.hpp"
#include "admin/keys.hpp"
#include "client/keys.hpp"
#include "daemon/control.hpp"
#include "daemon/usage_error.hpp"
#include "daemon/verbs/change_queue.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <CLI/CLI.hpp>

#include <limits>
#include <memory>

namespace sonde::daemon {
namespace {

using shared_command = std::shared_ptr<admin::key_command>;

int run_key(const invocation& how, const admin::key_command& command) {
  return change_queue(how, [&](changed_queue on, asio::io_context& loop, client::terminal& out) {
    auto send = [on](admin::key_command c) -> awaitable<result<model::json>> {
      if (on.here == nullptr) return on.there->post(keys_path, admin::to_json_text(c));
      return admin::do_key_command_here(*on.here, std::move(c), *on.bounds, *on.time);
    };
    return run_verb(
        loop, out, [&] { return client::run_key_command(send, command, out); },
        [&] { loop.stop(); });
  });
}

/// Makes `verb` execute a command.
void run_key_on(CLI::App& verb, verb_context& context, const shared_command& command) {
  verb.callback([&context, command] {
    context.run = [&context, command] { return run_key(context.how, *command); };
  });
}

shared_command make_command(admin::key_command::verb what) {
  auto out = std::make_shared<admin::key_command>();
  out->what = what;
  return out;
}

void register_key_create(CLI::App& key, verb_context& context) {
  auto command = make_command(admin::key_command::verb::create);
  auto& order = command->order;
  auto* create = key.add_subcommand("create", "create a key; its secret is shown only once");
  add_queue_flags(*create, context.how);
  create
      ->add_option("--role", order.roles,
                   "admin, user, reporter, trusted, metrics; may be repeated")
      ->required()
      ->delimiter(',')
      ->type_name("ROLE");
  create->add_option("--group", order.groups, "a group of the user (user:ID); may be repeated")
      ->delimiter(',')
      ->type_name("GROUP");
  create->add_option("--name", order.name, "the name of the key in lists")->type_name("NAME");
  create->add_option("--user", order.user_id, "the user that owns the key (a new user)")
      ->type_name("ID");
  create->add_option("--days", order.days, "days until the key expires (no expiry)")
      ->check(whole_number(1, std::numeric_limits<std::uint32_t>::max()))
      ->type_name("N");
  add_form_flags(*create, context.how);
  run_key_on(*create, context, command);
}

}  // namespace

void register_key(CLI::App& program, verb_context& context) {
  auto* key = program.add_subcommand("key", "the API keys for the HTTP interface");
  key->require_subcommand(1);
  register_key_create(*key, context);

  auto* list = key->add_subcommand("list", "the keys that are not revoked");
  add_queue_flags(*list, context.how);
  add_form_flags(*list, context.how);
  run_key_on(*list, context, make_command(admin::key_command::verb::list));

  auto revocation = make_command(admin::key_command::verb::revoke);
  auto* revoke = key->add_subcommand("revoke", "revoke a key at once; this cannot be undone");
  add_queue_flags(*revoke, context.how);
  revoke->add_option("key", revocation->id, "the key's id")->required()->type_name("ID");
  add_form_flags(*revoke, context.how);
  run_key_on(*revoke, context, revocation);
}

}  // namespace sonde::daemon
