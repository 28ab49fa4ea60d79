#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t cvs_ports[] = {2401};
constexpr std::string_view cvs_start = "cvs [pserver aborted]: ";

/// `cvs [pserver aborted]: bad auth protocol start: <what was sent>` (CVS's cvsclient, "Connection
/// and Authentication").
std::optional<recognition> recognise_cvs(std::string_view said) {
  if (!said.starts_with(cvs_start)) return std::nullopt;
  auto line = line_of(said);
  auto out = text_service("cvs", line);
  out.complete = said.find('\n') != std::string_view::npos;
  return out;
}

talk_step read_cvs(std::string_view response, const talk_context&) {
  if (!response.starts_with(cvs_start.substr(0, response.size()))) return talk_step::not_ours();
  auto known = recognise_cvs(response);
  if (!known || !known->complete) return talk_step::incomplete();
  known->service.sure = model::confidence::proven;
  return talk_step::is(std::move(*known));
}

std::unique_ptr<protocol_talk> talk_cvs(const talk_context& context) {
  return std::make_unique<one_exchange>("\n", read_cvs, context);
}

}  // namespace

constinit const protocol_module cvs_module{
    .name = "cvs", .hinted_ports = cvs_ports, .recognise = recognise_cvs, .talk = talk_cvs};

}  // namespace sonde::scanner::modules
