#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <string>

namespace sonde {

/// A category that reports which of its codes are transient. After a transient error the same
/// operation, with the same input, may succeed later.
class classified_category : public boost::system::error_category {
 public:
  [[nodiscard]] virtual bool transient(int value) const noexcept = 0;
};

/// The error category of one folder's `enum class errc`.
///
/// The folder declares `const char* category_name(errc)`, `const char* describe(errc)` and `bool
/// is_transient(errc)` beside its enum. `category_of<errc>()` returns the category.
template <class Errc>
class error_category final : public classified_category {
 public:
  [[nodiscard]] bool transient(int value) const noexcept override {
    return is_transient(static_cast<Errc>(value));
  }
  [[nodiscard]] const char* name() const noexcept override { return category_name(Errc{}); }
  [[nodiscard]] std::string message(int value) const override {
    return describe(static_cast<Errc>(value));
  }
};

template <class Errc>
[[nodiscard]] const boost::system::error_category& category_of() {
  static const error_category<Errc> instance;
  return instance;
}

}  // namespace sonde
