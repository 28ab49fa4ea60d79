#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// apcupsd's manual, "NIS Network Server Protocol": each record has a length of two bytes; the
// empty one is the last.
constexpr std::uint16_t apcupsd_ports[] = {3551};
constexpr std::size_t apcupsd_longest_record = 1024;

struct apcupsd_field {
  std::string_view name;  ///< as the server writes it
  std::string_view fact;
};
constexpr std::array<apcupsd_field, 5> apcupsd_fields = {{
    {"HOSTNAME", "hostname"},
    {"UPSNAME", "ups-name"},
    {"MODEL", "model"},
    {"DRIVER", "driver"},
    {"FIRMWARE", "firmware"},
}};

/// `VERSION  : 3.14.14 (31 May 2016) debian`
void note_apcupsd_record(std::string_view record, model::service_observation& service) {
  auto colon = record.find(": ");
  if (colon == std::string_view::npos) return;
  auto name = record.substr(0, std::min(record.find(' '), colon));
  auto value = line_of(record.substr(colon + 2));
  value = ascii::trimmed_right(value, " ");
  if (value.empty()) return;
  if (name == "VERSION") {
    service.product = "apcupsd";
    service.version = value.substr(0, value.find(' '));
  }
  auto field = std::ranges::find(apcupsd_fields, name, &apcupsd_field::name);
  if (field == apcupsd_fields.end()) return;
  service.facts.push_back({std::string(field->fact), std::string(value)});
}

talk_step read_apcupsd(std::string_view response, const talk_context&) {
  constexpr std::string_view begin = "APC      : ";
  byte_reader read(response);
  auto known = proven_service("apcupsd");
  for (bool first = true;; first = false) {
    if (read.left() < 2) return talk_step::incomplete();
    std::size_t size = read.be16();
    if (size > apcupsd_longest_record || (first && size < begin.size())) {
      return talk_step::not_ours();
    }
    if (size == 0) return talk_step::is(std::move(known));
    auto record = read.rest().substr(0, size);
    if (first && !record.starts_with(begin.substr(0, record.size()))) return talk_step::not_ours();
    if (record.size() < size) return talk_step::incomplete();
    read.take(size);
    note_apcupsd_record(record, known.service);
  }
}

std::unique_ptr<protocol_talk> talk_apcupsd(const talk_context& context) {
  auto request = byte_writer().be16(6).text("status").take();
  return std::make_unique<one_exchange>(std::move(request), read_apcupsd, context);
}

}  // namespace

constinit const protocol_module apcupsd_module{
    .name = "apcupsd", .hinted_ports = apcupsd_ports, .talk = talk_apcupsd};

}  // namespace sonde::scanner::modules
