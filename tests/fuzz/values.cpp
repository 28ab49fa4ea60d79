// Any bytes at all, taken for a value of each data type, as they are and as JSON. What is accepted
// is bounded UTF-8, and its canonical form is accepted again as itself. To check it takes no longer
// than is said beforehand.

#include "model/text.hpp"
#include "model/value.hpp"
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

/// Room for sanitizers, coverage and the tables that are made once.
constexpr double us_of_unit = 200;
constexpr double us_besides = 500'000;

constexpr std::uint32_t depth = 4;

/// Of global addresses and these: both sides of the rule are reached.
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
    require(!sentence.empty() && sentence.size() < 2'000 && model::is_utf8(sentence));
    return;
  }
  require(made->size() <= model::longest_value && model::is_utf8(*made));
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
