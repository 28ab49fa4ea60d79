#include "client/errc.hpp"

#include "admin/errc.hpp"

namespace sonde::client {

const char* category_name(errc) {
  return "client";
}

const char* describe(errc code) {
  switch (code) {
    case errc::usage: return "the command is invalid";
    case errc::no_server: return "there is no server";
    case errc::refused: return "the server refused";
    case errc::try_later: return "the server is busy";
    case errc::not_found: return "not found";
    case errc::gone: return "no longer kept";
    case errc::interrupted: return "interrupted";
    case errc::untrusted: return "the server's identity does not match";
    case errc::output_failed: return "standard output cannot be written";
    case errc::output_closed: return "the reader of standard output has closed it";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  switch (code) {
    case errc::no_server:
    case errc::try_later: return true;
    default: return false;
  }
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

int exit_code_of(const error& why) {
  if (why.code == make_error_code(errc::usage)) return exit_code::usage;
  if (why.code == make_error_code(admin::errc::invalid)) return exit_code::usage;
  if (why.code == make_error_code(errc::no_server)) return exit_code::no_server;
  if (why.code == make_error_code(errc::untrusted)) return exit_code::no_server;
  if (why.code == make_error_code(errc::interrupted)) return exit_code::interrupted;
  if (why.code == make_error_code(errc::output_failed)) return exit_code::output;
  if (why.code == make_error_code(errc::output_closed)) return exit_code::output_closed;
  return exit_code::scan_failed;
}

}  // namespace sonde::client
