#include "client/terminal.hpp"

#include "client/errc.hpp"
#include "client/standard_output.hpp"
#include "model/text/text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace sonde::client {
namespace {

constexpr std::size_t usual_width = 100;

std::size_t width_of(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return usual_width;
  return size.ws_col;
}

/// Writes to standard error. A failure is ignored, because there is nowhere to report it.
void write_error_stream(std::string_view text) {
  static_cast<void>(write_all(STDERR_FILENO, text));
}

}  // namespace

terminal::terminal(output_form form)
    : for_people_(form == output_form::table ||
                  (form == output_form::automatic && isatty(STDOUT_FILENO) == 1)),
      error_is_terminal_(isatty(STDERR_FILENO) == 1) {}

terminal::~terminal() {
  clear_progress();
}

std::size_t terminal::width() const {
  return width_of(STDOUT_FILENO);
}

void terminal::print(std::string_view lines) {
  clear_progress();
  if (failure_) return;
  auto written = write_output(for_people_ ? model::visible(lines) : model::visible_json(lines));
  if (!written) failure_ = written.error();
}

void terminal::say(std::string_view line) {
  clear_progress();
  write_error_stream(model::visible(line) + "\n");
}

void terminal::complain(std::string_view reason) {
  say("sonde: " + std::string(reason));
}

void terminal::progress(const std::string& line) {
  if (!error_is_terminal_) return;
  auto safe = model::visible(line);
  std::string shown(model::cut_at(safe, width_of(STDERR_FILENO) - 1));
  // Writes a carriage return, the line, and the sequence that clears the rest of the old line.
  write_error_stream("\r" + shown + "\x1b[K");
  drawn_ = true;
}

void terminal::clear_progress() {
  if (!drawn_) return;
  drawn_ = false;
  write_error_stream("\r\x1b[K");
}

void terminal::note_closed_output() {
  if (!failure_) failure_ = fail(errc::output_closed);
}

int terminal::finish(int code) {
  clear_progress();
  if (!failure_) {
    auto late = check_output();
    if (!late) failure_ = late.error();
  }
  if (!failure_) return code;
  int instead = exit_code_of(*failure_);
  if (!complained_ && instead != exit_code::output_closed) complain(failure_->message());
  complained_ = true;
  return instead;
}

}  // namespace sonde::client
