#include "queue/local/repeats.hpp"

#include <utility>

namespace sonde::queue::local {

std::optional<std::int64_t> take_in(std::optional<kept_repeats>& kept, repeat next) {
  if (!kept) {
    kept = kept_repeats{next, next};
    return std::nullopt;
  }
  bool was_one = kept->oldest.offset == kept->newest.offset;
  if (next.time >= kept->newest.time) {
    auto before = std::exchange(kept->newest, next);
    return was_one ? std::nullopt : std::optional(before.offset);
  }
  if (next.time >= kept->oldest.time) return std::nullopt;
  auto before = std::exchange(kept->oldest, next);
  if (was_one || before.offset > kept->newest.offset) return std::nullopt;
  return before.offset;
}

std::optional<kept_repeats> kept_from(std::int64_t start, const kept_repeats& kept) {
  bool has_oldest = kept.oldest.offset >= start;
  bool has_newest = kept.newest.offset >= start;
  if (!has_oldest && !has_newest) return std::nullopt;
  if (!has_oldest) return kept_repeats{kept.newest, kept.newest};
  if (!has_newest) return kept_repeats{kept.oldest, kept.oldest};
  return kept;
}

}  // namespace sonde::queue::local
