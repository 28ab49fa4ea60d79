#include "scanner/modules/recog_text.hpp"

#include "scanner/modules/http_response.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

/// The limit of a text, so that one look-up takes less than a millisecond.
constexpr std::size_t recog_text_bytes = 1'024;
constexpr std::size_t reply_code_size = 4;  // `220 `

struct recog_field {
  std::string_view service;
  std::string_view field;  ///< of the head of the response
  std::string_view matches;
};
constexpr std::array recog_fields = {
    recog_field{"http", "server", "http_header.server"},
    recog_field{"http", "www-authenticate", "http_header.wwwauth"},
    recog_field{"http", "set-cookie", "http_header.cookie"},
    recog_field{"rtsp", "server", "rtsp_header.server"},
    recog_field{"sip", "server", "sip_header.server"},
    recog_field{"sip", "user-agent", "sip_header.user_agent"},
};

struct recog_fact {
  std::string_view service;
  std::string_view fact;
  std::string_view matches;
};
constexpr std::array recog_facts = {
    recog_fact{"http", "title", "html_title"},
    recog_fact{"dns", "version-bind", "dns.versionbind"},
};

struct recog_banner {
  std::string_view service;
  std::string_view matches;
};
constexpr std::array recog_banners = {
    recog_banner{"ssh", "ssh.banner"},      recog_banner{"smtp", "smtp.banner"},
    recog_banner{"ftp", "ftp.banner"},      recog_banner{"nntp", "nntp.banner"},
    recog_banner{"pop3", "pop3.banner"},    recog_banner{"imap", "imap4.banner"},
    recog_banner{"mysql", "mysql.banners"},
};

/// A banner without the frame of its protocol: `SSH-2.0-`, `220 `, `+OK `, `* OK `.
std::string_view framed_text(const recognition& known) {
  const auto& name = known.service.name;
  auto line = line_of(known.raw);
  if (name == "mysql") {
    std::string_view masked = known.masked;
    return masked.substr(0, masked.find(' '));
  }
  if (name == "ssh") {
    auto version = line.find('-');
    auto software = version == std::string_view::npos ? version : line.find('-', version + 1);
    return software == std::string_view::npos ? std::string_view() : line.substr(software + 1);
  }
  if (name == "smtp" || name == "ftp" || name == "nntp") {
    return line.size() > reply_code_size ? line.substr(reply_code_size) : std::string_view();
  }
  for (std::string_view frame : {"+OK ", "-ERR ", "* OK ", "* PREAUTH ", "* BYE "}) {
    if (line.starts_with(frame)) return line.substr(frame.size());
  }
  return {};
}

void add_recog_text(std::vector<recog_text>& all, std::string_view matches, std::string_view text) {
  if (!text.empty()) all.push_back({matches, text.substr(0, recog_text_bytes)});
}

}  // namespace

std::vector<recog_text> recog_texts(const recognition& known) {
  std::vector<recog_text> out;
  for (const auto& each : recog_banners) {
    if (each.service == known.service.name) add_recog_text(out, each.matches, framed_text(known));
  }
  for (const auto& each : recog_fields) {
    if (each.service != known.service.name) continue;
    add_recog_text(out, each.matches, http_value(known.raw, each.field));
  }
  for (const auto& each : recog_facts) {
    if (each.service != known.service.name) continue;
    auto fact = std::ranges::find(known.service.facts, each.fact, &model::service_fact::name);
    if (fact != known.service.facts.end()) add_recog_text(out, each.matches, fact->value);
  }
  return out;
}

bool is_recog_kind(std::string_view matches) {
  auto is = [matches](const auto& row) { return row.matches == matches; };
  return std::ranges::any_of(recog_banners, is) || std::ranges::any_of(recog_fields, is) ||
         std::ranges::any_of(recog_facts, is);
}

}  // namespace sonde::scanner
