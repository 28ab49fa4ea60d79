#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// Why a request is not taken: the status of the answer, and the sentence in it.
struct refusal {
  unsigned status = 400;
  std::string sentence;
};

/// Judges the bytes of a body as they arrive, and knows where it ends (RFC 9112, sections 6 and 7).
///
/// Of chunks only the plain ones: a size in hexadecimal digits, CR LF, so many bytes, CR LF, and at
/// the end a size of zero and CR LF twice. Extensions and trailers are refused. Sans-IO, on any
/// thread; holds a few numbers and no bytes.
class body_gate {
 public:
  enum class verdict { more, whole, refused };

  /// `limit`: of the body without its framing. `copy`: where its bytes are appended, for who wants
  /// them; outlives this.
  explicit body_gate(std::size_t limit, std::string* copy = nullptr) : limit_(limit), copy_(copy) {}

  /// What the header says: so many bytes. Until one of these is called there is no body.
  void expect(std::uint64_t length);
  void expect_chunks();

  /// Judges further bytes; `passed` of them belong to the body.
  verdict look(std::string_view bytes);
  [[nodiscard]] std::size_t passed() const { return passed_; }
  /// Of `refused`.
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
  std::uint64_t remaining_ = 0;  ///< of the chunk, or of the body
  std::uint64_t total_ = 0;      ///< of the chunks so far
  unsigned digits_ = 0;
  std::size_t passed_ = 0;
  refusal why_;
};

}  // namespace sonde::ingest
