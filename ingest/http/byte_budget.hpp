#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace sonde::ingest {

/// Limits the bytes that a server holds for its peers: a limit for all callers together and one per
/// caller, so that one caller cannot use up the budget of the others.
///
/// Counts every byte from the first one. Pure; lives on one loop and outlives its holds.
class byte_budget {
 public:
  /// `percent` of `all` is the limit of one caller.
  byte_budget(std::uint64_t all, std::uint32_t percent);
  byte_budget(const byte_budget&) = delete;
  byte_budget& operator=(const byte_budget&) = delete;

  class hold;

  [[nodiscard]] std::uint64_t held() const { return held_; }
  /// Tells whether this caller may hold `more` further bytes within `percent` of the whole budget.
  [[nodiscard]] bool has_room(const std::string& caller, std::uint64_t more,
                              std::uint32_t percent = 100) const;

 private:
  using callers = std::unordered_map<std::string, std::uint64_t>;

  std::uint64_t all_;
  std::uint64_t one_;
  std::uint64_t held_ = 0;
  callers by_caller_;
};

/// The bytes that one request holds of a budget. Released on destruction.
class byte_budget::hold {
 public:
  explicit hold(byte_budget& budget) : budget_(budget) {}
  ~hold() { release(); }
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;

  /// Sets the held size to `bytes`. Returns false and leaves the hold unchanged if there is no
  /// room. A hold belongs to the caller of its first use until it is released.
  [[nodiscard]] bool set(const std::string& caller, std::uint64_t bytes,
                         std::uint32_t percent = 100);
  void release();
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  byte_budget& budget_;
  callers::value_type* owner_ = nullptr;  ///< stable pointer: elements do not move
  std::uint64_t bytes_ = 0;
};

}  // namespace sonde::ingest
