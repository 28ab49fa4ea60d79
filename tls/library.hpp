#pragma once

#include <memory>

namespace sonde::tls {

/// One thread's OpenSSL: a library context of its own, and the settings of a client that meets
/// anything which ever spoke TLS.
///
/// OpenSSL's default context is one lock for the whole process. So whoever owns a thread makes one
/// of these there and passes it by reference; it outlives all that was made with it. Expensive
/// (milliseconds, hundreds of kilobytes): one a thread, never one a connection. Throws when OpenSSL
/// cannot be set up.
///
/// A client of this context speaks TLS 1.0 to 1.3 with every authenticated cipher suite OpenSSL
/// has, and believes every certificate: it looks, it does not trust.
class library {
 public:
  struct native;

  library();
  ~library();
  library(const library&) = delete;
  library& operator=(const library&) = delete;

  /// For the .cpp files of this folder.
  [[nodiscard]] native& get() { return *native_; }

 private:
  std::unique_ptr<native> native_;
};

}  // namespace sonde::tls
