#include "base/log.hpp"

#include "tests/support/doctest.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace sonde {
namespace {

/// Returns what is logged while `work` runs.
template <class Work>
std::string logged(Work work) {
  std::fflush(stderr);
  int file = memfd_create("log", MFD_CLOEXEC);
  int saved = dup(STDERR_FILENO);
  dup2(file, STDERR_FILENO);
  work();
  std::fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::array<char, 4096> text{};
  auto size = pread(file, text.data(), text.size(), 0);
  close(file);
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

TEST_CASE("text from a remote host is logged in printable ASCII, in one line") {
  const std::string hostile = "x\n\t\v\f\x1b[2J\x7f\u0085\u202E\u2028\xFF\x9B";
  for (auto format : {log_format::text, log_format::json}) {
    auto text = logged([&] {
      logger log(log_level::info, format);
      log.info("certificate of " + hostile, {{"subject", hostile}, {"tries", std::int64_t{3}}});
    });
    REQUIRE(text.ends_with('\n'));
    text.pop_back();
    for (char c : text)
      CHECK_MESSAGE((c >= ' ' && c < '\x7f'), text);
    CHECK(text.find("\\u202e") != std::string::npos);
  }
}

TEST_CASE("a text line has the event unchanged and the fields after it") {
  auto text = logged([] {
    logger log;
    log.warning("cannot publish a task", {{"reason", "the disk is full"}, {"tries", true}});
  });
  CHECK(text.ends_with(" warning cannot publish a task reason=\"the disk is full\" tries=yes\n"));
}

TEST_CASE("for journald each line begins with its priority, in both formats") {
  for (auto format : {log_format::text, log_format::json}) {
    auto text = logged([&] {
      logger log(log_level::debug, format);
      log.tell_priorities();
      log.debug("a");
      log.info("b");
      log.warning("c");
      log.error("d");
    });
    std::string begins;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      begins += text.substr(at, 3);
    CHECK(begins == "<7><6><4><3>");
  }
}

TEST_CASE("a repeated warning is rate-limited; other warnings and information lines are not") {
  auto text = logged([] {
    logger log;
    for (std::int64_t i = 0; i < 1'000; ++i)
      log.warning("the disk is full", {{"number", i}});
    log.warning("something else");
    for (int i = 0; i < 20; ++i)
      log.info("a scan ended");
  });
  auto count = [&](const char* part) {
    int out = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
      ++out;
    return out;
  };
  CHECK(count("the disk is full") == 10);
  CHECK(count("something else") == 1);
  CHECK(count("a scan ended") == 20);
}

}  // namespace sonde
