#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace sonde {

/// A text that identifies one kind of thing. The type prevents confusion with the ids of other
/// kinds.
///
/// `Kind` is an empty tag type. The code that creates the id checks the text.
template <class Kind>
class named_id {
 public:
  named_id() = default;
  explicit named_id(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  auto operator<=>(const named_id&) const = default;

 private:
  std::string text_;
};

}  // namespace sonde

template <class Kind>
struct std::hash<sonde::named_id<Kind>> {
  std::size_t operator()(const sonde::named_id<Kind>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
