#include "model/fact_repeat.hpp"

#include "base/hash.hpp"
#include "model/events.hpp"
#include "model/json.hpp"

#include <algorithm>

namespace sonde::model {

std::optional<repeat_mark> repeat_of(const record& fact) {
  bool is_edge = fact.topic == topics::associations;
  if (!is_edge && fact.topic != topics::entities) return std::nullopt;
  auto said = parse_own(fact.value);
  if (!said.is_object()) return std::nullopt;
  auto told = said.find("time");
  if (told == said.end() || !told->is_string()) return std::nullopt;
  auto time = from_rfc3339(told->get_ref<const std::string&>());
  if (!time) return std::nullopt;
  said.erase("time");
  said.erase("task");
  if (is_edge) said.erase("evidence");
  auto digest = sha256(fact.topic + '\n' + fact.key + '\n' + to_text(said));
  repeat_mark out;
  std::ranges::copy_n(digest.begin(), out.said.size(), out.said.begin());
  out.time = *time;
  return out;
}

}  // namespace sonde::model
