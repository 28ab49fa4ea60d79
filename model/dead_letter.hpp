#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"
#include "base/result.hpp"
#include "model/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sonde::model {

/// The present or former position of a record. The queue has its own type for this, which `model`
/// does not use.
struct record_place {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool operator==(const record_place&) const = default;
};
[[nodiscard]] json to_json(const record_place& place);

/// The reason why a record was dead-lettered.
struct dead_letter {
  record_place from;
  std::string stage;  ///< the failed stage: `parse`, `process`
  std::string error;
  std::uint32_t attempts = 1;
  /// For a shortened letter: the size of the original value in bytes, and its SHA-256 in
  /// hexadecimal.
  std::optional<std::uint64_t> original_bytes = std::nullopt;
  std::string original_sha256 = {};
};

/// Returns the dead-letter topic: `scan.requests` → `scan.requests.dlq`.
[[nodiscard]] std::string dead_letter_topic(const std::string& topic);

/// Makes a dead letter: the unchanged record, with the reason in its headers. The attempts of a
/// redriven record are added to its earlier ones.
///
/// The letter has at most `most_bytes`. If the original leaves no room for the reason, its value is
/// cut, and the headers `sonde_dead_bytes` and `sonde_dead_sha256` describe the whole value. The
/// whole value remains at the original position for the retention of its topic. Headers that are
/// too large are removed, and a key that is too large is cut.
[[nodiscard]] record to_dead_letter(record what, record_place from, std::string stage,
                                    std::string why, std::size_t most_bytes);
/// Parses the headers of a dead letter. Fails for a record that is not a dead letter.
[[nodiscard]] result<dead_letter> parse_dead_letter(const record& letter);

/// Makes the record that returns to its original topic: the unchanged record, with a header
/// `sonde_redriven` that names the letter. `letter` is complete; for a shortened letter, pass the
/// result of `restored`.
[[nodiscard]] record to_redriven(record letter, const dead_letter& why, const record_place& stood);

/// Returns `original` in place of the shortened letter. Fails if the letter was not made from this
/// record.
[[nodiscard]] result<record> restored(const record& original, const dead_letter& why);

/// Reports whether a record was a dead letter before (redrive).
[[nodiscard]] bool is_redriven(const record& one);

/// Makes the receipt for a redriven letter. It follows in the partition of the letter, so that
/// readers of dead letters see which letters are handled.
[[nodiscard]] record to_redrive_receipt(const record& letter, const record_place& stood,
                                        const record_place& went, wall_time now);
[[nodiscard]] bool is_redrive_receipt(const record& one);
/// Returns the offset of the letter, in the partition of the receipt.
[[nodiscard]] result<std::int64_t> parse_redrive_receipt(const record& receipt);

}  // namespace sonde::model
