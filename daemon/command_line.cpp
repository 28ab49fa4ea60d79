#include "daemon/command_line.hpp"

#include "client/errc.hpp"
#include "client/target_list.hpp"
#include "daemon/audit_flags.hpp"
#include "daemon/commands.hpp"
#include "daemon/tail_flags.hpp"
#include "daemon/usage_error.hpp"
#include "model/events.hpp"
#include "model/json.hpp"
#include "model/scan_request.hpp"
#include "model/text.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>
#include <limits>
#include <sstream>

namespace sonde::daemon {
namespace {

namespace exit_code = client::exit_code;

constexpr const char* epilogue =
    "Examples\n"
    "  sonde scan --local 192.0.2.7               scan here and now, without a daemon\n"
    "  sonde serve                                the daemon, on 127.0.0.1:8480\n"
    "  sonde scan example.com                     schedule, follow, print\n"
    "  sonde scan - --ports 22,443 < names.txt    thousands of targets\n"
    "  sonde topic tail entities --from-start     what has been found, as events\n"
    "  sonde topic tail scan.tasks --since 2h     how scans went in the last two hours\n"
    "\n"
    "Every setting can be given in a file (--config), in the environment (SONDE_HTTP_LISTEN for\n"
    "http.listen) or, where there is one, by a flag; `sonde print-config` shows them all.\n"
    "Verbs that ask a server show SONDE_TOKEN, or SONDE_API_KEY and SONDE_API_SECRET, or the key\n"
    "that a server on this machine has put into its data folder.\n"
    "Exit codes: 0 done, 1 a scan failed, 64 usage, 69 no server, 74 data folder\n"
    "or output, 78 configuration, 130 Ctrl-C, 141 the output's reader has gone.";

environment read_environment(const char* const* variables) {
  environment out;
  for (const auto* each = variables; *each != nullptr; ++each) {
    std::string_view entry(*each);
    auto equals = entry.find('=');
    if (equals == entry.npos) continue;
    out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

/// The command line under construction: options write here, verbs run from here.
class command_line {
 public:
  explicit command_line(environment variables) {
    how_.variables = std::move(variables);
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string("sonde " SONDE_VERSION));
    app_.footer(epilogue);
    app_.failure_message(usage_error);
    add_serve();
    add_scan();
    add_show();
    add_cancel();
    add_topic();
    add_key();
    add_webhook();
    add_audit();
    add_config();
  }

  int run(int count, const char* const* words) {
    if (count < 2) {
      std::cerr << app_.help();
      return exit_code::usage;
    }
    if (auto unknown = unknown_verb(count, words); !unknown.empty()) {
      std::cerr << "sonde: " << model::visible(unknown) << "\n";
      return exit_code::usage;
    }
    try {
      app_.parse(count, words);
    } catch (const CLI::ParseError& e) {
      std::ostringstream out;
      return app_.exit(e, out) == 0 ? print_out(out.str()) : exit_code::usage;
    }
    return verb_();
  }

 private:
  /// CLI11 would say of a misspelt verb only that a verb is missing.
  [[nodiscard]] std::string unknown_verb(int count, const char* const* words) const {
    const CLI::App* at = &app_;
    std::string group = at->get_name();
    for (int i = 1; i < count && words[i][0] != '-'; ++i) {
      auto subcommands = at->get_subcommands([](const CLI::App*) { return true; });
      if (subcommands.empty()) return {};
      std::vector<std::string> names;
      for (const auto* verb : subcommands)
        names.push_back(verb->get_name());
      std::string word = words[i];
      std::vector<std::string_view> verbs(names.begin(), names.end());
      auto found = std::ranges::find(verbs, word);
      if (found == verbs.end()) {
        auto meant = model::nearest_word(word, verbs);
        auto mend = meant.empty() ? std::string() : "did you mean \"" + std::string(meant) + "\"? ";
        return "there is no verb \"" + word + "\"; " + mend + "`" + group +
               " --help` lists the verbs";
      }
      group += " " + word;
      at = subcommands[static_cast<std::size_t>(found - verbs.begin())];
    }
    return {};
  }

  /// An option that is a setting: the same value, from a flag.
  void add_setting(CLI::App* to, const std::string& flag, const std::string& key,
                   const std::string& description, const std::string& value_name) {
    auto keep = [this, flag, key](const std::string& value) {
      how_.flags.push_back({key, flag, value});
    };
    to->add_option_function<std::string>(flag, keep, description)->type_name(value_name);
  }

  void add_common(CLI::App* to) {
    to->add_option("--config", how_.config_file, "configuration file")->type_name("FILE");
  }

  void add_server(CLI::App* to) {
    add_common(to);
    add_setting(to, "--server", "server", "the server to ask (http://127.0.0.1:8480)", "URL");
    add_setting(to, "--ca-file", "ca_file",
                "who vouches for an https server (the system's authorities)", "FILE");
    add_setting(to, "--data-dir", "data_dir", "where a server on this machine keeps its key",
                "DIR");
  }

  void add_data_dir(CLI::App* to) {
    add_common(to);
    add_setting(to, "--data-dir", "data_dir",
                "where the queue is kept (`sonde print-config` shows it)", "DIR");
  }

  void add_form(CLI::App* to) {
    auto set = [this](client::output_form form) {
      return [this, form](std::int64_t) { how_.form = form; };
    };
    auto* json = to->add_flag_function("--json", set(client::output_form::json),
                                       "JSON, one object a line; the default into a pipe");
    to->add_flag_function("--table", set(client::output_form::table),
                          "a table; the default on a terminal")
        ->excludes(json);
  }

  /// The words that name one dead letter; returns the one that has to be there.
  CLI::Option* add_letter(CLI::App* to) {
    auto* offset = to->add_option("--offset", letter_.second, "this letter only (all)")
                       ->check(whole_number(0, std::numeric_limits<std::int64_t>::max()))
                       ->type_name("N");
    to->add_option("--partition", letter_.first, "the letter's partition (0)")
        ->check(whole_number(0, std::numeric_limits<std::int32_t>::max()))
        ->type_name("N")
        ->needs(offset);
    return offset;
  }

  void add_serve() {
    auto* serve = app_.add_subcommand("serve", "run the daemon");
    add_data_dir(serve);
    add_setting(serve, "--listen", "http.listen", "address and port (127.0.0.1:8480)", "ADDR:PORT");
    add_setting(serve, "--roles", "roles", "what this process does (ingest,scanner,view,webhook)",
                "LIST");
    serve->callback([this] { verb_ = [this] { return daemon::serve(how_); }; });
  }

  void add_scan() {
    auto* scan = app_.add_subcommand("scan", "scan targets and print what was found");
    add_server(scan);
    scan->add_option("targets", scan_.targets,
                     "IP addresses and names; - reads them from standard input")
        ->type_name("TARGET");
    scan->add_option("--targets", targets_file_, "with one target a line; # begins a comment")
        ->type_name("FILE");
    auto* profile = scan->add_option("--profile", scan_.profile,
                                     "standard (about 1,000 ports), full, or one of the "
                                     "configuration")
                        ->type_name("NAME");
    scan->add_option("--ports", scan_.ports, "ports instead, as in 22,80-90")
        ->type_name("LIST")
        ->excludes(profile);
    scan->add_flag("--fresh", scan_.fresh, "scan anew, also what was scanned today");
    scan->add_option("--priority", scan_.priority, "-9 to 9; higher ones come first (0)")
        ->check(whole_number(model::lowest_priority, model::highest_priority))
        ->type_name("N");
    scan->add_flag_callback(
        "--no-wait", [this] { scan_.wait = false; }, "schedule, print the ids, and go");
    scan->add_flag("--local", local_, "without a daemon: in this process, nothing kept");
    add_form(scan);
    scan->callback([this] { verb_ = [this] { return run_scan(); }; });
  }

  int run_scan() {
    scan_.reads_input = std::erase(scan_.targets, "-") > 0 || targets_file_ == "-";
    if (!targets_file_.empty() && targets_file_ != "-") {
      auto listed = client::read_target_file(targets_file_);
      if (!listed) return complain(listed.error(), exit_code::usage);
      std::ranges::move(*listed, std::back_inserter(scan_.targets));
    }
    if (scan_.targets.empty() && !scan_.reads_input) {
      std::cerr << "sonde: there is nothing to scan; name a target: `sonde scan example.com`\n";
      return exit_code::usage;
    }
    if (local_ && !scan_.wait) {
      std::cerr << "sonde: --local and --no-wait contradict each other: nothing would be left to "
                   "go on\n";
      return exit_code::usage;
    }
    return daemon::scan(how_, std::move(scan_), local_);
  }

  void add_show() {
    auto* show = app_.add_subcommand("show", "show a scan, an entity, or a target's newest scan");
    add_server(show);
    show->add_option("what", what_, "a target, an entity's id, or a scan's id")
        ->required()
        ->type_name("TARGET|ENTITY-ID|SCAN-ID");
    add_form(show);
    show->callback([this] { verb_ = [this] { return daemon::show(how_, what_); }; });

    auto* watch = app_.add_subcommand("watch", "follow a scan to its end");
    add_server(watch);
    watch->add_option("scan", what_, "the scan's id")->required()->type_name("SCAN-ID");
    add_form(watch);
    watch->callback([this] { verb_ = [this] { return daemon::watch(how_, what_); }; });
  }

  void add_cancel() {
    auto* cancel = app_.add_subcommand("cancel", "end scans that have not ended");
    add_server(cancel);
    cancel->add_option("scans", cancelled_, "the scans' ids")->required()->type_name("SCAN-ID");
    add_form(cancel);
    cancel->callback([this] { verb_ = [this] { return daemon::cancel(how_, cancelled_); }; });
  }

  void add_topic() {
    auto* topic = app_.add_subcommand("topic", "the topics of the queue");
    topic->require_subcommand(1);
    auto* list = topic->add_subcommand("list", "every topic, and how much it holds");
    add_data_dir(list);
    add_form(list);
    list->callback([this] { verb_ = [this] { return daemon::list_topics(how_); }; });

    auto* tail = topic->add_subcommand("tail", "the records of a topic, one a line");
    add_data_dir(tail);
    tail->add_option("name", tail_.topic, "entities, associations, scan.tasks ...")
        ->required()
        ->type_name("TOPIC");
    add_tail_flags(tail, tail_, system_clock().now());
    add_form(tail);
    tail->callback([this] { verb_ = [this] { return run_tail(); }; });

    auto* redrive =
        topic->add_subcommand("redrive", "dead letters, back to the topic that they came from");
    add_data_dir(redrive);
    redrive->add_option("name", redrive_.topic, "scan.requests ...")
        ->required()
        ->type_name("TOPIC");
    auto* offset = add_letter(redrive);
    redrive->add_flag("--dry-run", redrive_.look_only, "show them, and leave them where they are");
    add_form(redrive);
    redrive->callback([this, offset] {
      if (offset->count() > 0) redrive_.only = letter_;
      verb_ = [this] { return daemon::redrive_topic(how_, redrive_); };
    });

    auto* create =
        topic->add_subcommand("create", "make Kafka's topics, and check those there are");
    add_data_dir(create);
    add_form(create);
    create->callback([this] { verb_ = [this] { return daemon::make_topics(how_); }; });
  }

  int run_tail() {
    auto valid = check_tail_options(tail_);
    if (!valid) return complain(valid.error(), exit_code::usage);
    return daemon::tail_topic(how_, tail_);
  }

  void add_key() {
    auto* key = app_.add_subcommand("key", "the keys that callers of the HTTP interface show");
    key->require_subcommand(1);
    auto verb = [this](client::key_command::verb what) {
      return [this, what] {
        key_.what = what;
        verb_ = [this] { return daemon::change_keys(how_, key_); };
      };
    };
    auto* create = key->add_subcommand("create", "make a key; its secret is shown once");
    add_data_dir(create);
    auto& order = key_.order;
    create
        ->add_option("--role", order.roles,
                     "admin, user, reporter, trusted, metrics; may be repeated")
        ->required()
        ->delimiter(',')
        ->type_name("ROLE");
    create->add_option("--group", order.groups, "a group of the user (user:ID); may be repeated")
        ->delimiter(',')
        ->type_name("GROUP");
    create->add_option("--name", order.name, "what the key is called in lists")->type_name("NAME");
    create->add_option("--user", order.user_id, "whose it is (a user of its own)")->type_name("ID");
    create->add_option("--days", order.days, "how long it is valid (until it is revoked)")
        ->check(whole_number(1, std::numeric_limits<std::uint32_t>::max()))
        ->type_name("N");
    add_form(create);
    create->callback(verb(client::key_command::verb::create));

    auto* list = key->add_subcommand("list", "the keys that are not revoked");
    add_data_dir(list);
    add_form(list);
    list->callback(verb(client::key_command::verb::list));

    auto* revoke = key->add_subcommand("revoke", "make a key worthless, at once and for ever");
    add_data_dir(revoke);
    revoke->add_option("key", key_.id, "the key's id")->required()->type_name("ID");
    add_form(revoke);
    revoke->callback(verb(client::key_command::verb::revoke));
  }

  /// What could not be delivered is a dead letter like others.
  void add_webhook() {
    auto* webhook = app_.add_subcommand("webhook", "webhooks that could not be delivered");
    webhook->require_subcommand(1);
    auto* list = webhook->add_subcommand(
        "list", "those that were given up: when, which scan, how many attempts, and why");
    auto* replay = webhook->add_subcommand("replay", "send them again, under the same ids");
    for (auto* verb : {list, replay}) {
      add_data_dir(verb);
      add_form(verb);
    }
    auto* offset = add_letter(replay);
    list->callback([this] { verb_ = [this] { return daemon::list_dead_deliveries(how_); }; });
    replay->callback([this, offset] {
      redrive_.topic = model::topics::webhook_requests;
      if (offset->count() > 0) redrive_.only = letter_;
      verb_ = [this] { return daemon::redrive_topic(how_, redrive_); };
    });
  }

  void add_audit() {
    auto* audit = app_.add_subcommand("audit", "who has asked for which change");
    add_data_dir(audit);
    add_audit_flags(audit, audit_, system_clock().now());
    add_form(audit);
    audit->callback([this] { verb_ = [this] { return daemon::list_audit(how_, audit_); }; });
  }

  void add_config() {
    auto* check = app_.add_subcommand("check-config", "say whether the configuration is valid");
    add_common(check);
    check->callback([this] { verb_ = [this] { return daemon::check_config(how_); }; });
    auto* print = app_.add_subcommand("print-config", "every setting, and where it comes from");
    add_common(print);
    add_setting(print, "--data-dir", "data_dir", "where the queue is kept", "DIR");
    auto as_json = [this](std::int64_t) { how_.form = client::output_form::json; };
    print->add_flag_function("--json", as_json, "as JSON");
    print->callback([this] { verb_ = [this] { return daemon::print_config(how_); }; });
  }

  CLI::App app_{"Sonde: scans hosts and says what it found, as events on durable topics.", "sonde"};
  invocation how_;
  std::function<int()> verb_;
  client::scan_options scan_;
  client::tail_options tail_;
  client::redrive_order redrive_;
  client::key_command key_;
  client::audit_query audit_;
  std::pair<std::int32_t, std::int64_t> letter_;
  std::string targets_file_;
  std::string what_;
  std::vector<std::string> cancelled_;
  bool local_ = false;
};

}  // namespace

int run_command_line(int count, const char* const* words, const char* const* variables) {
  // A write to a reader that has gone is an error like others, and ends no verb half way.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    command_line line(read_environment(variables));
    return line.run(count, words);
  } catch (const std::exception& e) {
    std::cerr << "sonde: " << model::visible(e.what()) << "\n";
    return exit_code::internal;
  }
}

}  // namespace sonde::daemon
