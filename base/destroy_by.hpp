#pragma once

namespace sonde {

/// A deleter for objects that a C library allocates: `unique_ptr<T, destroy_by<T_free>>`.
template <auto Destroy>
struct destroy_by {
  template <class T>
  void operator()(T* it) const {
    Destroy(it);
  }
};

}  // namespace sonde
