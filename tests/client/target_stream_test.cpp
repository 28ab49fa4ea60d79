#include "client/target_stream.hpp"

#include "client/errc.hpp"
#include "tests/client/replaced_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <fcntl.h>
#include <string>
#include <vector>

namespace sonde::client {
namespace {

/// A stream that reads from a pipe, which the test writes to.
struct piped_stream {
  ~piped_stream() {
    finish();
    close(ends.out);
  }
  void write_text(const std::string& text) const {
    REQUIRE(write(ends.in, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void finish() {
    if (ends.in >= 0) close(ends.in);
    ends.in = -1;
  }

  test::two_ends ends;
};

/// Returns all targets up to the end of the stream. An error is the last of them.
awaitable<std::vector<std::string>> rest_of(target_stream& stream) {
  std::vector<std::string> out;
  while (true) {
    auto next = co_await stream.next();
    if (!next) {
      out.push_back(next.error().message());
      co_return out;
    }
    if (!*next) co_return out;
    out.push_back(std::move(**next));
  }
}

using target_names = std::vector<std::string>;

}  // namespace

TEST_CASE("a target is available as soon as its line is complete") {
  piped_stream from;
  auto read = [&]() -> awaitable<target_names> {
    target_stream stream(co_await asio::this_coro::executor, from.ends.out);
    from.write_text(
        "\xEF\xBB\xBF"
        "a\r\n# x\nb");
    auto first = co_await stream.next();
    CHECK((first && *first == "a"));
    from.write_text("c\n\nd");
    from.finish();
    auto rest = co_await rest_of(stream);
    auto after = co_await stream.next();
    CHECK((after && !*after));
    co_return rest;
  };
  CHECK(test::run(read()) == target_names{"bc", "d"});
}

TEST_CASE("more targets than are read ahead keep their order") {
  piped_stream from;
  std::string list;
  target_names expected;
  for (int i = 0; i < 5'000; ++i) {
    expected.push_back("t" + std::to_string(i));
    list += expected.back() + "\n";
  }
  from.write_text(list);  // fits into a pipe
  from.finish();
  auto read = [&]() -> awaitable<target_names> {
    target_stream stream(co_await asio::this_coro::executor, from.ends.out);
    auto all = co_await rest_of(stream);
    co_return all;
  };
  CHECK((test::run(read()) == expected));
}

TEST_CASE("a stopped stream ends, also while it waits for input") {
  piped_stream silent;
  piped_stream full;
  std::string list;
  for (int i = 0; i < 5'000; ++i)
    list += "a\n";
  full.write_text(list);
  auto read = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    target_stream waiting(loop, silent.ends.out);
    target_stream ahead(loop, full.ends.out);
    auto stop = [&] { waiting.stop(); };
    asio::post(loop, stop);
    auto nothing = co_await waiting.next();
    CHECK((nothing && !*nothing));
    auto first = co_await ahead.next();
    CHECK((first && *first == "a"));
    ahead.stop();
    auto second = co_await ahead.next();
    CHECK((second && !*second));
  };
  test::run(read());
}

TEST_CASE("input that is not a list is an error") {
  piped_stream from;
  from.write_text("a\n" + std::string(5'000, 'x'));
  int folder = open("/", O_RDONLY | O_CLOEXEC);
  auto read = [&](int descriptor) -> awaitable<target_names> {
    target_stream stream(co_await asio::this_coro::executor, descriptor);
    auto all = co_await rest_of(stream);
    co_return all;
  };
  CHECK(test::run(read(from.ends.out)) ==
        target_names{"a",
                     "standard input has a line of more than 4096 bytes; give one target a line"});
  CHECK(test::run(read(folder)) == target_names{"standard input cannot be read: Is a directory"});
  close(folder);
}

}  // namespace sonde::client
