#include "ingest/header_gate.hpp"

namespace sonde::ingest {

header_gate::verdict header_gate::refuse(const char* reason) {
  reason_ = reason;
  return verdict::refused;
}

header_gate::verdict header_gate::look(std::string_view bytes) {
  while (at_ < bytes.size()) {
    auto c = static_cast<unsigned char>(bytes[at_]);
    if (at_ == line_begin_ && at_ > 0 && (c == ' ' || c == '\t')) {
      return refuse("a header line begins with a space; each field has to stand on one line");
    }
    if (c == '\r') {
      if (at_ + 1 == bytes.size()) return verdict::more;
      if (bytes[at_ + 1] != '\n') return refuse("a carriage return stands alone in the header");
      bool blank = at_ == line_begin_;
      at_ += 2;
      line_begin_ = at_;
      if (blank) return verdict::whole;
      continue;
    }
    if (c == '\n') return refuse("a header line ends in LF alone; it has to end in CR LF");
    if ((c < ' ' && c != '\t') || c == 0x7F) return refuse("a control byte stands in the header");
    ++at_;
  }
  return verdict::more;
}

}  // namespace sonde::ingest
