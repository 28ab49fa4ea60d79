#include "scanner/modules/command_dialogue.hpp"

#include "base/ascii.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner {
namespace {

/// The last whole line of a response, without its end; empty where no line is whole.
std::string_view last_line(std::string_view response) {
  if (!response.ends_with('\n')) return {};
  auto before = response.substr(0, response.size() - 1).rfind('\n');
  return line_of(response.substr(before == std::string_view::npos ? 0 : before + 1));
}

/// The line that decides, once the response is complete; empty before.
std::string_view deciding_line(const dialogue_command& command, std::string_view response) {
  using end = dialogue_command::end;
  auto last = last_line(response);
  auto first = line_of(response);
  bool whole_first = response.find('\n') != std::string_view::npos;
  switch (command.ends) {
    case end::reply_code: {
      bool ends = starts_with_digits(last, 3) && (last.size() == 3 || last[3] == ' ');
      return ends ? last : std::string_view();
    }
    case end::tagged: return last.starts_with("a ") ? last : std::string_view();
    case end::dot:
      if (whole_first && !first.starts_with(command.success)) return first;
      return last == "." ? first : std::string_view();
    case end::line: return whole_first ? first : std::string_view();
  }
  return {};
}

/// Returns a line without the frame of its protocol: codes, tags, `* CAPABILITY`, the last dot.
std::string_view content_of(const dialogue_command& command, std::string_view line) {
  using end = dialogue_command::end;
  constexpr std::string_view untagged = "* CAPABILITY ";
  constexpr std::size_t code_and_sign = 4;
  switch (command.ends) {
    case end::reply_code: {
      bool coded = line.size() >= code_and_sign && starts_with_digits(line, code_and_sign - 1);
      auto text = coded ? line.substr(code_and_sign) : line;
      return ascii::trimmed_left(text, " ");
    }
    case end::tagged:
      return line.starts_with(untagged) ? line.substr(untagged.size()) : std::string_view();
    case end::dot: return line == "." || line.starts_with(command.success) ? "" : line;
    case end::line: return line;
  }
  return line;
}

/// The lines of a response as one text: `PIPELINING, SIZE 10240000, STARTTLS`.
std::string joined_lines(const dialogue_command& command, std::string_view response) {
  std::string out;
  while (!response.empty()) {
    auto line = content_of(command, line_of(response));
    auto next = response.find('\n');
    response = next == std::string_view::npos ? std::string_view() : response.substr(next + 1);
    if (!line.empty()) out += (out.empty() ? "" : ", ") + std::string(line);
  }
  return out;
}

}  // namespace

talk_step command_dialogue::receive(std::string_view response) {
  const auto& command = commands_[at_];
  auto line = deciding_line(command, response);
  if (line.empty()) return talk_step::incomplete();
  if (!line.starts_with(command.success)) return talk_step::is(known_);
  if (!command.fact.empty()) {
    auto text = joined_lines(command, response);
    known_.service.facts.push_back({std::string(command.fact), std::move(text)});
  }
  bool needs_tls = where_ == talk_place::plain && !command.needs.empty();
  if (needs_tls && !ascii::contains_ignoring_case(response, command.needs)) {
    return talk_step::is(known_);
  }
  if (++at_ < commands_.size()) return talk_step::send(std::string(commands_[at_].command));
  auto out = talk_step::is(known_);
  out.start_tls = where_ == talk_place::plain;
  return out;
}

}  // namespace sonde::scanner
