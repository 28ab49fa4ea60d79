#include "scanner/modules/recog.hpp"

#include "base/ascii.hpp"
#include "scanner/errc.hpp"
#include "scanner/modules/cpe.hpp"
#include "scanner/modules/recog_text.hpp"
#include "scanner/modules/text_match.hpp"

#include <fmt/core.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace sonde::scanner {
namespace {

/// Patterns that are searched together. A larger set has a DFA that exceeds its memory more often.
constexpr std::size_t patterns_of_set = 32;
/// The memory limit of one pattern and of one set, with its DFA.
constexpr std::int64_t pattern_memory = 256 * 1024;
constexpr std::int64_t set_memory = 1024 * 1024;
constexpr std::size_t longest_recog_word = 80;

/// Banners have any bytes, so patterns are matched byte by byte.
RE2::Options recog_options(std::int64_t memory) {
  RE2::Options out(RE2::Latin1);
  out.set_max_mem(memory);
  out.set_log_errors(false);
  return out;
}

/// The values that one fingerprint assigns to one text.
using recog_values = std::map<std::string, std::string, std::less<>>;

std::string value_named(const recog_values& values, std::string_view name) {
  auto found = values.find(name);
  return found == values.end() ? std::string() : found->second.substr(0, longest_recog_word);
}

/// Replaces each `{name}` by its value. Nothing: a value is missing.
std::optional<std::string> filled_in(std::string_view text, const recog_values& values) {
  std::string out;
  while (!text.empty()) {
    auto open = text.find('{');
    auto close = open == std::string_view::npos ? open : text.find('}', open);
    out += text.substr(0, close == std::string_view::npos ? text.size() : open);
    if (close == std::string_view::npos) break;
    auto value = value_named(values, text.substr(open + 1, close - open - 1));
    if (value.empty()) return std::nullopt;
    out += value;
    text.remove_prefix(close + 1);
  }
  return out;
}

/// A CPE name of either form, as a formatted string of version 2.3 (NISTIR 7695, section 6.2).
/// Empty if it is not the name of an application.
std::string recog_cpe(std::string_view text, const recog_values& values) {
  constexpr std::size_t components = 11;
  constexpr std::string_view uri = "cpe:/";
  constexpr std::string_view formatted = "cpe:2.3:";
  if (!text.starts_with(uri) && !text.starts_with(formatted)) return {};
  text.remove_prefix(text.starts_with(uri) ? uri.size() : formatted.size());
  if (!text.starts_with("a:")) return {};
  std::string out = "cpe:2.3";
  for (std::size_t i = 0; i < components; ++i) {
    auto end = std::min(text.find(':'), text.size());
    auto part = filled_in(text.substr(0, end), values);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string plain;
    if (part)
      std::ranges::copy_if(*part, std::back_inserter(plain), [](char c) { return c != '\\'; });
    bool any = plain.empty() || plain == "*" || plain == "-";
    if (any && i < 3) return {};
    out += ":" + (any ? std::string("*") : quoted_for_cpe(plain));
  }
  return out;
}

/// `vendor:product` of a formatted string; empty if there is none.
std::string_view cpe_product(std::string_view cpe) {
  constexpr std::string_view start = "cpe:2.3:a:";
  if (!cpe.starts_with(start)) return {};
  auto vendor = cpe.find(':', start.size());
  auto product = vendor == std::string_view::npos ? vendor : cpe.find(':', vendor + 1);
  if (product == std::string_view::npos) return {};
  return cpe.substr(start.size(), product - start.size());
}

bool same_product(const model::service_observation& mine, const model::service_observation& its) {
  if (ascii::equal_ignoring_case(mine.product, its.product)) return true;
  auto product = cpe_product(mine.cpe);
  return !product.empty() && product == cpe_product(its.cpe);
}

void add_fingerprint(model::service_observation& service, model::service_observation found) {
  if (found.product.empty()) return;
  if (service.product.empty()) {
    service.product = std::move(found.product);
    service.version = std::move(found.version);
    service.cpe = std::move(found.cpe);
    return;
  }
  if (same_product(service, found)) {
    bool new_version = service.version.empty() && !found.version.empty();
    bool same_version = service.version == found.version;
    if (new_version) service.version = std::move(found.version);
    // Without a CPE name of the fingerprint, `tidy_up` makes the module's with the new version.
    if (new_version) service.cpe.clear();
    bool better_cpe = service.cpe.empty() && (new_version || same_version);
    if (better_cpe && !found.cpe.empty()) service.cpe = std::move(found.cpe);
    return;
  }
  bool stated = std::ranges::any_of(
      service.facts, [](const model::service_fact& fact) { return fact.name == "application"; });
  if (service.name != "http" || stated) return;
  auto text = std::move(found.product);
  if (!found.version.empty()) text += " " + found.version;
  service.facts.push_back({"application", std::move(text)});
}

}  // namespace

/// The fingerprints for one kind of text.
class recog_database::table {
 public:
  void add(recog_fingerprint fingerprint) { fingerprints_.push_back(std::move(fingerprint)); }

  /// Returns the number of patterns that do not fit into the memory of their set.
  std::size_t compile() {
    std::size_t left_out = 0;
    for (std::size_t begin = 0; begin < fingerprints_.size(); begin += patterns_of_set) {
      auto count = std::min(patterns_of_set, fingerprints_.size() - begin);
      auto set = std::make_unique<RE2::Set>(recog_options(set_memory), RE2::UNANCHORED);
      bool fits = true;
      for (const auto& each : std::span(fingerprints_).subspan(begin, count))
        fits = set->Add(each.pattern, nullptr) >= 0 && fits;
      fits = fits && set->Compile();
      if (!fits) left_out += count;
      sets_.push_back(fits ? std::move(set) : nullptr);
    }
    return left_out;
  }

  /// The values of the first fingerprint whose pattern the text has; nothing if there is none.
  [[nodiscard]] std::optional<recog_values> find(std::string_view text) const {
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      std::vector<int> matched;
      if (!sets_[i] || !sets_[i]->Match({text.data(), text.size()}, &matched)) continue;
      auto first = std::ranges::min_element(matched);
      if (first == matched.end()) continue;
      auto place = i * patterns_of_set + static_cast<std::size_t>(*first);
      return values_of(fingerprints_[place], text);
    }
    return std::nullopt;
  }

 private:
  /// Compiles the pattern again, because a set does not keep groups and 6,000 compiled patterns
  /// would take 100 MB.
  static std::optional<recog_values> values_of(const recog_fingerprint& fingerprint,
                                               std::string_view text) {
    RE2 pattern(fingerprint.pattern, recog_options(pattern_memory));
    if (!pattern.ok()) return std::nullopt;
    auto groups = static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1;
    std::vector<re2::StringPiece> parts(groups);
    bool found = pattern.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED,
                               parts.data(), static_cast<int>(groups));
    if (!found) return std::nullopt;
    recog_values out;
    for (const auto& param : fingerprint.params) {
      if (param.position == 0) out[param.name] = param.value;
      if (param.position == 0 || param.position >= groups) continue;
      const auto& part = parts[param.position];
      if (!part.empty()) out[param.name] = std::string(part.data(), part.size());
    }
    return out;
  }

  std::vector<recog_fingerprint> fingerprints_;
  std::vector<std::unique_ptr<RE2::Set>> sets_;
};

recog_database::recog_database() = default;
recog_database::~recog_database() = default;

result<std::shared_ptr<const recog_database>> recog_database::from_files(
    std::vector<recog_file> files) {
  std::shared_ptr<recog_database> out(new recog_database());
  for (auto& file : files) {
    if (auto added = out->add(std::move(file)); !added) return added.error();
  }
  out->compile();
  return std::shared_ptr<const recog_database>(std::move(out));
}

result<> recog_database::add(recog_file file) {
  if (!is_recog_kind(file.matches)) {
    ++loaded_.other_files;
    return {};
  }
  ++loaded_.files;
  auto& place = tables_[file.matches];
  if (!place) place = std::make_unique<table>();
  for (auto& each : file.fingerprints) {
    if (loaded_.fingerprints + loaded_.refused_patterns >= recog_fingerprints_most) {
      return fail(errc::fingerprint_file,
                  fmt::format("{}:{}: the folder has more than {} fingerprints", file.name,
                              each.line, recog_fingerprints_most));
    }
    RE2 pattern(each.pattern, recog_options(pattern_memory));
    if (!pattern.ok()) {
      ++loaded_.refused_patterns;
      continue;
    }
    auto groups = static_cast<std::size_t>(pattern.NumberOfCapturingGroups());
    auto beyond = std::ranges::find_if(
        each.params, [groups](const recog_param& param) { return param.position > groups; });
    if (beyond != each.params.end()) {
      return fail(errc::fingerprint_file,
                  fmt::format("{}:{}: {} refers to group {}, but the pattern has {}", file.name,
                              each.line, beyond->name, beyond->position, groups));
    }
    ++loaded_.fingerprints;
    place->add(std::move(each));
  }
  return {};
}

void recog_database::compile() {
  for (auto& each : tables_) {
    auto left_out = each.second->compile();
    loaded_.fingerprints -= left_out;
    loaded_.refused_patterns += left_out;
  }
}

void recog_database::complete(recognition& known) const {
  std::vector<recog_values> all;
  for (const auto& each : recog_texts(known)) {
    auto its = tables_.find(each.matches);
    if (its == tables_.end()) continue;
    if (auto values = its->second->find(each.text)) all.push_back(std::move(*values));
  }
  for (const auto& values : all) {
    model::service_observation found;
    found.product = value_named(values, "service.product");
    found.version = value_named(values, "service.version");
    auto cpe = values.find("service.cpe23");
    if (cpe != values.end()) found.cpe = recog_cpe(cpe->second, values);
    add_fingerprint(known.service, std::move(found));
  }
  if (!all.empty()) tidy_up(known);
}

}  // namespace sonde::scanner
