// Parses any bytes as a value of each data type, as plain text and as JSON. An accepted value is
// limited UTF-8, and its canonical form is accepted unchanged. Checking a value takes no longer
// than the estimate given beforehand.

#include "base/utf8.hpp"
#include "model/facts/value.hpp"
#include "tests/fuzz/checks.hpp"

#include <ctime>

using namespace sonde;
using fuzz::require;

namespace {

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Allowance for sanitizers, coverage, and tables that are built once.
constexpr double us_of_unit = 200;
constexpr double us_besides = 500'000;

constexpr std::uint32_t depth = 4;

/// Global addresses and these networks, so that both sides of the rule are reached.
const model::address_scope& scope() {
  static const auto made = [] {
    model::scope_rules rules;
    rules.allow = {"10.0.0.0/8", "2001:db8::/32"};
    rules.deny = {"10.1.0.0/16"};
    return model::address_scope::from_rules(rules).value();
  }();
  return made;
}

void check(model::data_type type, const result<std::string>& made) {
  if (!made) {
    auto sentence = made.error().message();
    require(!sentence.empty() && sentence.size() < 2'000 && is_utf8(sentence));
    return;
  }
  require(made->size() <= model::longest_value && is_utf8(*made));
  auto again = model::canonical_text(type, *made, scope());
  require(again && *again == *made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  auto value = model::parse_json(text, depth);
  for (auto type : model::all_data_types()) {
    check(type, model::canonical_text(type, text, scope()));
    if (!value) continue;
    auto begun = cpu_us();
    auto made = model::canonical_value(type, *value, scope());
    auto work = static_cast<double>(model::value_work(type, *value));
    require(cpu_us() - begun < us_besides + us_of_unit * work);
    check(type, made);
  }
  return 0;
}
