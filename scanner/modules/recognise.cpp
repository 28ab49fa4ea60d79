#include "base/utf8.hpp"
#include "model/text/text.hpp"
#include "scanner/modules/cpe.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner {
namespace {

/// The longest product and the longest version, in bytes.
constexpr std::size_t longest_word = 80;
constexpr std::size_t longest_fact = 200;

/// Returns the name that a target gives itself, fit for tables and JSON: UTF-8, on one line, of
/// bounded length.
std::string presentable(std::string_view word, std::size_t longest) {
  auto text = to_utf8(word.substr(0, longest));
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  }
  return std::string(model::cut_at(text, longest));
}

}  // namespace

void tidy_up(recognition& known) {
  auto& service = known.service;
  service.product = presentable(service.product, longest_word);
  service.version = presentable(service.version, longest_word);
  if (service.facts.size() > most_facts) service.facts.resize(most_facts);
  for (auto& fact : service.facts)
    fact.value = presentable(fact.value, longest_fact);
  if (!service.name.empty() && service.sure == model::confidence::none) {
    service.sure = model::confidence::said;
  }
  if (service.cpe.empty()) service.cpe = cpe_of(service.product, service.version);
}

recognition recognise(std::string_view banner) {
  for (const auto* module : catalogue()) {
    if (module->recognise == nullptr) continue;
    auto known = module->recognise(banner);
    if (!known) continue;
    tidy_up(*known);
    known->by = module;
    return std::move(*known);
  }
  return nameless(banner);
}

recognition nameless(std::string_view banner) {
  recognition unknown;
  unknown.raw = banner;
  unknown.masked = mask_times(banner);
  return unknown;
}

}  // namespace sonde::scanner
