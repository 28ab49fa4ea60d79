#pragma once

#include "admin/redrive.hpp"
#include "base/clock.hpp"
#include "client/api_client.hpp"
#include "client/terminal.hpp"
#include "daemon/limits.hpp"
#include "daemon/verbs/verb.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace CLI {
class Option;
}

namespace sonde::daemon {

/// Queue that a verb changes, through a daemon (`there`) or directly (`here`, unless it is null).
struct changed_queue {
  client::api_client* there = nullptr;
  queue::backend* here = nullptr;
  const clock* time = nullptr;
  const limits* bounds = nullptr;
};

/// Runs a verb that writes and returns its exit code. A daemon that holds the folder executes it.
/// Without a daemon, or on Kafka, this process executes it.
using changing_verb = std::function<int(changed_queue, asio::io_context&, client::terminal&)>;
int change_queue(const invocation& how, const changing_verb& verb);

/// Arguments of a verb that redrives dead letters.
struct redrive_arguments {
  admin::redrive_order order;
  std::pair<std::int32_t, std::int64_t> letter;  ///< partition and offset
};
/// Adds the flags that name one dead letter. Returns the required one.
CLI::Option* add_letter_flags(CLI::App& verb, redrive_arguments& into);
/// Makes `verb` redrive. The flag `offset` chooses one letter.
void redrive_on(CLI::App& verb, verb_context& context, std::shared_ptr<redrive_arguments> from,
                CLI::Option* offset);

}  // namespace sonde::daemon
