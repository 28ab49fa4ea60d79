#pragma once

#include "scanner/modules/module.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// A command of a text protocol and the response that it needs.
struct dialogue_command {
  /// The kind of line that ends a response.
  enum class end {
    reply_code,  ///< a line with a code and a space (RFC 5321, section 4.2.1)
    tagged,      ///< a line that begins with the command's tag `a` (RFC 9051, section 2.2.2)
    dot,         ///< a line with a dot alone; the first line if it is no success
    line,        ///< the first line
  };
  std::string_view command;
  end ends = end::line;
  /// A response that succeeds begins its last line with this; for `dot` and `line`, its first line.
  std::string_view success;
  std::string_view needs;  ///< word of the response without which the dialogue ends; may be empty
  std::string_view fact;   ///< name of the fact that has the response's lines; may be empty
};

/// Sends commands after a greeting, one after the other, as long as each one succeeds. The last one
/// asks for TLS: after it the server expects a ClientHello. Inside TLS it is left out. The commands
/// outlive the talk.
class command_dialogue final : public protocol_talk {
 public:
  command_dialogue(std::span<const dialogue_command> commands, talk_place where)
      : commands_(where == talk_place::plain ? commands : commands.first(commands.size() - 1)),
        where_(where) {}

  [[nodiscard]] std::string begin() override { return std::string(commands_.front().command); }
  [[nodiscard]] talk_step receive(std::string_view response) override;
  [[nodiscard]] talk_step ended(std::string_view) override { return talk_step::is(known_); }

 private:
  std::span<const dialogue_command> commands_;  ///< never empty
  talk_place where_;
  std::size_t at_ = 0;
  recognition known_;
};

}  // namespace sonde::scanner
