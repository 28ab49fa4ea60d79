#include "client/terminal.hpp"

#include "model/text.hpp"

#include <cerrno>
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

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    auto written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
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
  write_all(STDOUT_FILENO, for_people_ ? model::visible(lines) : model::visible_json(lines));
}

void terminal::say(std::string_view line) {
  clear_progress();
  write_all(STDERR_FILENO, model::visible(line) + "\n");
}

void terminal::progress(const std::string& line) {
  if (!error_is_terminal_) return;
  auto safe = model::visible(line);
  std::string shown(model::cut_at(safe, width_of(STDERR_FILENO) - 1));
  // Carriage return, the line, and clear what is left of the one before.
  write_all(STDERR_FILENO, "\r" + shown + "\x1b[K");
  drawn_ = true;
}

void terminal::clear_progress() {
  if (!drawn_) return;
  drawn_ = false;
  write_all(STDERR_FILENO, "\r\x1b[K");
}

}  // namespace sonde::client
