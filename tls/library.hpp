#pragma once

#include <memory>

namespace sonde::tls {

/// The OpenSSL state of one thread: a separate library context, and client settings that work with
/// every server that supports any TLS version from 1.0 on.
///
/// OpenSSL's default context uses one lock for the whole process. The owner of a thread therefore
/// creates one `library` there and passes it by reference; it outlives all objects created with it.
/// Expensive (milliseconds, hundreds of kilobytes): create one per thread, never one per
/// connection. Throws if OpenSSL cannot be set up.
///
/// A client of this context offers TLS 1.0 to 1.3 with every authenticated cipher suite of OpenSSL,
/// and accepts every certificate: it observes certificates and does not verify them.
class library {
 public:
  struct native;

  library();
  ~library();
  library(const library&) = delete;
  library& operator=(const library&) = delete;

  /// Returns the OpenSSL objects, for the .cpp files of this folder.
  [[nodiscard]] native& get() { return *native_; }

 private:
  std::unique_ptr<native> native_;
};

}  // namespace sonde::tls
