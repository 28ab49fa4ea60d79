#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// PostgreSQL's documentation, "Message Formats" and "Error and Notice Message Fields".
constexpr std::uint16_t postgresql_ports[] = {5432, 5433, 6432};
/// A start of protocol 3.0 without a user.
constexpr std::string_view postgresql_request{"\0\0\0\x09\0\x03\0\0\0", 9};
/// SSLRequest.
constexpr std::string_view postgresql_tls_request{"\0\0\0\x08\x04\xD2\x16\x2F", 8};
constexpr std::uint32_t postgresql_most = 8192;

/// The fields of an error by their types; those that it lacks are empty.
struct postgresql_error {
  std::string_view severity;
  std::string_view code;
  std::string_view message;
  std::string_view file;
  std::string_view routine;
  bool has_plain_severity = false;  ///< field V, since PostgreSQL 9.6
};

std::optional<postgresql_error> read_postgresql_error(std::string_view body) {
  postgresql_error out;
  byte_reader read(body);
  for (;;) {
    char type = static_cast<char>(read.u8());
    if (!read.ok()) return std::nullopt;
    if (type == '\0') break;
    auto value = read.until('\0');
    switch (type) {
      case 'S': out.severity = value; break;
      case 'V': out.has_plain_severity = true; break;
      case 'C': out.code = value; break;
      case 'M': out.message = value; break;
      case 'F': out.file = value; break;
      case 'R': out.routine = value; break;
      default:
        // Other types may come with later versions, and are letters.
        if ((type < 'A' || type > 'Z') && (type < 'a' || type > 'z')) return std::nullopt;
    }
  }
  bool required = !out.severity.empty() && out.code.size() == 5 && !out.message.empty();
  if (!required || read.left() > 0) return std::nullopt;
  return out;
}

/// PgBouncer writes three fields, and sentences of its own. PostgreSQL names its source.
std::string_view postgresql_product(const postgresql_error& error) {
  if (error.routine == "ProcessStartupPacket") {
    bool source = error.file == "postmaster.c" || error.file == "backend_startup.c";
    return source ? "PostgreSQL" : "";
  }
  bool bare = error.file.empty() && error.routine.empty() && !error.has_plain_severity;
  if (!bare || error.code != "08P01") return "";
  bool words = ascii::equal_ignoring_case(error.message, "no username supplied") ||
               error.message == "SSL required" || error.message.starts_with("bad packet header: '");
  return words ? "PgBouncer" : "";
}

/// The request of a password, which a server may send to a client without a name.
bool is_postgresql_authentication(std::string_view body) {
  byte_reader read(body);
  switch (read.be32()) {
    case 0:
    case 2:
    case 3:
    case 7:
    case 9: return read.ok() && read.left() == 0;
    case 5: return read.left() == 4;
    case 10: return read.rest().ends_with(std::string_view("\0\0", 2));
    default: return false;
  }
}

talk_step read_postgresql_message(std::string_view response) {
  byte_reader read(response);
  char type = static_cast<char>(read.u8());
  if (read.ok() && type != 'E' && type != 'R') return talk_step::not_ours();
  auto size = read.be32();
  if (read.ok() && (size < 8 || size > postgresql_most)) return talk_step::not_ours();
  if (!read.ok() || response.size() < 1U + size) return talk_step::incomplete();
  auto body = response.substr(5, size - 4);
  auto known = proven_service("postgresql");
  if (type == 'R') {
    return is_postgresql_authentication(body) ? talk_step::is(std::move(known))
                                              : talk_step::not_ours();
  }
  auto error = read_postgresql_error(body);
  if (!error) return talk_step::not_ours();
  known.service.product = postgresql_product(*error);
  if (error->has_plain_severity) known.service.facts.push_back({"version-range", ">=9.6"});
  return talk_step::is(std::move(known));
}

talk_step read_postgresql(std::string_view response, const talk_context&) {
  return read_postgresql_message(response);
}

/// The error that answers another protocol's request. Nothing else is sent unasked.
std::optional<recognition> recognise_postgresql(std::string_view said) {
  if (!said.starts_with('E')) return std::nullopt;
  auto step = read_postgresql_message(said);
  if (step.what != talk_step::kind::known) return std::nullopt;
  return std::move(step.known);
}

std::unique_ptr<protocol_talk> talk_postgresql(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(postgresql_request), read_postgresql, context);
}

/// One byte: `S` accepts, `N` refuses. More would come from somebody else on the way.
talk_step read_postgresql_tls(std::string_view response, const talk_context&) {
  if (response.empty()) return talk_step::incomplete();
  bool answered = response == "S" || response == "N";
  if (!answered) return talk_step::not_ours();
  auto out = talk_step::is({});
  out.start_tls = response == "S";
  return out;
}

std::unique_ptr<protocol_talk> upgrade_postgresql(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(postgresql_tls_request), read_postgresql_tls,
                                        context);
}

}  // namespace

constinit const protocol_module postgresql_module{.name = "postgresql",
                                                  .hinted_ports = postgresql_ports,
                                                  .recognise = recognise_postgresql,
                                                  .talk = talk_postgresql,
                                                  .upgrade = upgrade_postgresql,
                                                  .inside_upgrade = talk_postgresql,
                                                  .asked_anywhere = true};

}  // namespace sonde::scanner::modules
