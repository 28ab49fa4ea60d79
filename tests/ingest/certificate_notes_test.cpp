#include "ingest/http/certificate_notes.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

/// A stream whose peer has proved what the test specifies.
class proven_link final : public byte_stream {
 public:
  explicit proven_link(proof what) : what_(what) {}
  step open() override { return {}; }
  step read(std::span<char>) override { return {outcome::over}; }
  step write(std::string_view) override { return {outcome::over}; }
  [[nodiscard]] bool holds_more() const override { return false; }
  void close() override {}
  proof proved() override { return what_; }

 private:
  proof what_;
};

}  // namespace

TEST_CASE("results of client certificates are counted; a client without a certificate is not") {
  metrics counts;
  logger log(log_level::error);
  certificate_notes notes(counts, log);
  using proof = byte_stream::proof;
  for (auto what : {proof::none, proof::listed, proof::listed, proof::certified, proof::refused,
                    proof::refused, proof::refused}) {
    proven_link link(what);
    notes.note(link, "192.0.2.1");
  }
  auto text = counts.text();
  for (const char* line :
       {"{result=\"gateway\"} 2", "{result=\"not_listed\"} 1", "{result=\"refused\"} 3"}) {
    CAPTURE(line);
    CHECK(text.find(std::string("sonde_http_client_certificates_total") + line) !=
          std::string::npos);
  }
}

}  // namespace sonde::ingest
