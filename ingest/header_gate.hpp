#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// Looks at the bytes of a request's header before the parser does, as they arrive, for what the
/// parser lets through: control bytes, bare CR or LF, and continued lines (RFC 9112, sections 2.2
/// and 5.2), by which two readers of one stream can come to see different requests.
class header_gate {
 public:
  enum class verdict { more, whole, refused };

  /// `bytes`: all that has arrived of this request so far, and maybe of what follows it.
  verdict look(std::string_view bytes);
  /// Of `whole`: how many bytes the header has.
  [[nodiscard]] std::size_t size() const { return at_; }
  /// Of `refused`.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  verdict refuse(const char* reason);

  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::string reason_;
};

}  // namespace sonde::ingest
