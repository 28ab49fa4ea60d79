#include "net/byte_stream.hpp"

#include "net/tls_server.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <array>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace sonde {
namespace {

using link_outcome = byte_stream::outcome;

struct socket_pair {
  socket_pair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
  ~socket_pair() {
    hang_up();
    close(ends[0]);
  }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;

  void hang_up() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }

  std::array<int, 2> ends{};
};

std::string complaint_about(const std::filesystem::path& certificate,
                            const std::filesystem::path& key) {
  tls_server_settings settings{certificate.string(), key.string()};
  auto loaded = tls_server::load(std::move(settings));
  return loaded ? std::string("loaded") : loaded.error().message();
}

}  // namespace

TEST_CASE_FIXTURE(socket_pair,
                  "a plain stream does what it can immediately and reports what to wait for") {
  auto link = make_plain_link(ends[0]);
  CHECK(link->open().what == link_outcome::done);
  CHECK(!link->holds_more());
  std::array<char, 4> read{};
  CHECK(link->read(read).what == link_outcome::wait_read);
  REQUIRE(::write(ends[1], "abcdef", 6) == 6);
  auto first = link->read(read);
  CHECK(first.what == link_outcome::done);
  CHECK(first.bytes == 4);
  CHECK(link->read(read).bytes == 2);

  const std::string much(1U << 20U, 'x');
  auto step = link->write(much);
  for (int i = 0; i < 100 && step.what == link_outcome::done; ++i)
    step = link->write(much);
  CHECK(step.what == link_outcome::wait_write);
}

TEST_CASE_FIXTURE(socket_pair, "a plain stream is over when its peer has gone, without SIGPIPE") {
  auto link = make_plain_link(ends[0]);
  hang_up();
  std::array<char, 4> read{};
  CHECK(link->read(read).what == link_outcome::over);
  CHECK(link->write("x").what == link_outcome::over);
  link->close();
  CHECK(link->proved() == byte_stream::proof::none);
  CHECK(link->remark().empty());
}

TEST_CASE("an error in a certificate or key file names the file") {
  test::temporary_folder folder;
  auto empty = folder.path() / "empty.pem";
  std::ofstream(empty) << "nothing\n";
  auto missing = folder.path() / "missing.pem";
  CHECK(complaint_about(missing, empty) ==
        "http.tls_certificate: " + missing.string() + " cannot be read");
  CHECK(complaint_about(empty, missing) == "http.tls_key: " + missing.string() + " cannot be read");
  auto said = complaint_about(empty, empty);
  CHECK(said.find("http.tls_certificate: " + empty.string() + " has no usable certificate") == 0);
}

}  // namespace sonde
