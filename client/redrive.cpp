#include "client/redrive.hpp"

#include "client/errc.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace sonde::client {
namespace {

using model::json;

/// Formats one letter as a line for the terminal.
std::string line_of(const json& letter) {
  auto place = [](const json& at) {
    return fmt::format("{}:{}", at.at("partition").get<std::int32_t>(),
                       at.at("offset").get<std::int64_t>());
  };
  auto line = place(letter.at("letter")) + "  " +
              model::first_line(letter.at("error").get<std::string>(), 100);
  if (letter.contains("refused")) {
    line += "  stays: " + letter.at("refused").get<std::string>();
  }
  if (letter.contains("to")) {
    line += "  → " + letter.at("to").at("topic").get<std::string>() + " " + place(letter.at("to"));
  }
  return line + "\n";
}

}  // namespace

awaitable<int> run_redrive(redrive_function ask, admin::redrive_order order, terminal& out) {
  std::size_t sent = 0;
  std::size_t kept = 0;
  bool more = true;
  while (more) {
    auto report = co_await ask(order);
    if (!report) {
      out.complain(report.error().message());
      co_return exit_code_of(report.error());
    }
    std::string text;
    for (const auto& letter : report->at("letters")) {
      ++(letter.contains("to") ? sent : kept);
      text += out.for_people() ? line_of(letter) : model::to_text(letter) + "\n";
    }
    out.print(text);
    more = report->at("more").get<bool>() && !out.failed();
  }
  if (order.look_only) {
    out.say(std::to_string(kept) + (kept == 1 ? " dead letter waits" : " dead letters wait"));
  } else {
    out.say(fmt::format("{} dead letter{} sent back{}", sent, sent == 1 ? "" : "s",
                        kept > 0 ? fmt::format(", {} that cannot be", kept) : ""));
  }
  co_return exit_code::done;
}

}  // namespace sonde::client
