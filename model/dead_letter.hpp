#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"
#include "base/result.hpp"
#include "model/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sonde::model {

/// Where a record stands, or stood. The queue has a type of its own for this, which is not known
/// here.
struct record_place {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool operator==(const record_place&) const = default;
};
[[nodiscard]] json to_json(const record_place& place);

/// Why a record was put aside.
struct dead_letter {
  record_place from;
  std::string stage;  ///< what failed: `parse`, `process`
  std::string error;
  std::uint32_t attempts = 1;
  /// Of a letter that was shortened: the bytes of the original's value, and their SHA-256 in
  /// hexadecimal.
  std::optional<std::uint64_t> original_bytes = std::nullopt;
  std::string original_sha256 = {};
};

/// `scan.requests` → `scan.requests.dlq`.
[[nodiscard]] std::string dead_letter_topic(const std::string& topic);

/// A record as it goes to the dead letters: as it was, with why in its headers. One that had been
/// sent back before counts its attempts on.
///
/// The letter has at most `most_bytes`. Where the original leaves no room for the reason, its value
/// is cut, and headers say so: `sonde_dead_bytes` and `sonde_dead_sha256` are those of the whole
/// value, which stands where the letter came from for as long as its topic keeps it. Headers and a
/// key that are too large themselves go, or are cut.
[[nodiscard]] record to_dead_letter(record what, record_place from, std::string stage,
                                    std::string why, std::size_t most_bytes);
/// What a dead letter's headers say; an error for a record that is none.
[[nodiscard]] result<dead_letter> parse_dead_letter(const record& letter);

/// The record as it goes back to where it came from: as it was, and `sonde_redriven` says which
/// letter it had been. `letter` is whole; of one that was shortened, it is what `restored` gives.
[[nodiscard]] record to_redriven(record letter, const dead_letter& why, const record_place& stood);

/// `original`, in place of the letter that it was shortened to. An error where it is not the record
/// that the letter was made from.
[[nodiscard]] result<record> restored(const record& original, const dead_letter& why);

/// Whether a record was a dead letter before it came to stand where it is.
[[nodiscard]] bool is_redriven(const record& one);

/// The receipt for a letter that went back: it follows in the letter's own partition, so that
/// whoever reads dead letters sees which of them are dealt with.
[[nodiscard]] record to_redrive_receipt(const record& letter, const record_place& stood,
                                        const record_place& went, wall_time now);
[[nodiscard]] bool is_redrive_receipt(const record& one);
/// The offset of the letter, in the receipt's own partition.
[[nodiscard]] result<std::int64_t> parse_redrive_receipt(const record& receipt);

}  // namespace sonde::model
