#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// The reason for rejecting a request: the status of the response and its sentence.
struct refusal {
  unsigned status = 400;
  std::string sentence;
};

/// Validates the bytes of a body as they arrive and finds its end (RFC 9112, sections 6 and 7).
///
/// Accepts only plain chunks: a size in hexadecimal digits, CR LF, that number of bytes, CR LF, and
/// at the end a size of zero and CR LF twice. Rejects extensions and trailers. Sans-IO, usable on
/// any thread. Holds a few numbers and no bytes.
class body_validator {
 public:
  enum class verdict { more, whole, refused };

  /// `limit`: maximum size of the body without its framing. `copy`: if set, the bytes of the body
  /// are appended to it; it outlives this object.
  explicit body_validator(std::size_t limit, std::string* copy = nullptr)
      : limit_(limit), copy_(copy) {}

  /// Sets the length that the header declares. Until this or `expect_chunks` is called there is no
  /// body.
  void expect(std::uint64_t length);
  void expect_chunks();

  /// Validates further bytes; `passed` of them belong to the body.
  verdict look(std::string_view bytes);
  [[nodiscard]] std::size_t passed() const { return passed_; }
  /// The reason for the verdict `refused`.
  [[nodiscard]] const refusal& why() const { return why_; }

 private:
  enum class place { size, size_lf, bytes, bytes_cr, bytes_lf, last_cr, last_lf, over, refused };

  bool take(char c);
  bool take_size(char c);
  bool refuse(unsigned status, const char* sentence);
  std::size_t take_bytes(std::string_view bytes);

  std::size_t limit_;
  std::string* copy_;
  place place_ = place::over;
  bool chunked_ = false;
  std::uint64_t remaining_ = 0;  ///< bytes left in the chunk or in the body
  std::uint64_t total_ = 0;      ///< bytes in the chunks so far
  unsigned digits_ = 0;
  std::size_t passed_ = 0;
  refusal why_;
};

}  // namespace sonde::ingest
