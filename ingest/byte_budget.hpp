#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace sonde::ingest {

/// Bytes that a server holds for its peers: a bound for all of them together, and one for each
/// caller, so that one caller alone never takes the room of the others.
///
/// Every byte counts, from the first on. Pure; lives on one loop and outlives its holds.
class byte_budget {
 public:
  /// `percent` of `all` is the most for one caller.
  byte_budget(std::uint64_t all, std::uint32_t percent);
  byte_budget(const byte_budget&) = delete;
  byte_budget& operator=(const byte_budget&) = delete;

  class hold;

  [[nodiscard]] std::uint64_t held() const { return held_; }
  /// Whether this caller may hold so many bytes more, of `percent` of the whole.
  [[nodiscard]] bool has_room(const std::string& caller, std::uint64_t more,
                              std::uint32_t percent = 100) const;

 private:
  using callers = std::unordered_map<std::string, std::uint64_t>;

  std::uint64_t all_;
  std::uint64_t one_;
  std::uint64_t held_ = 0;
  callers by_caller_;
};

/// What one request holds of a budget, until this is destroyed.
class byte_budget::hold {
 public:
  explicit hold(byte_budget& budget) : budget_(budget) {}
  ~hold() { release(); }
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;

  /// Holds `bytes` from now on. False: there is no room, and the hold is what it was. A hold
  /// belongs to the caller that it was first used for, until it is released.
  [[nodiscard]] bool set(const std::string& caller, std::uint64_t bytes,
                         std::uint32_t percent = 100);
  void release();
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  byte_budget& budget_;
  callers::value_type* owner_ = nullptr;  ///< elements stay where they are
  std::uint64_t bytes_ = 0;
};

}  // namespace sonde::ingest
