#include "ingest/connection_book.hpp"

#include "tests/support/doctest.hpp"

#include <memory>
#include <vector>

namespace sonde::ingest {
namespace {

/// Connections by number; each notes when it has to go.
struct book_of_many {
  connection_book::member& enter(const std::string& address = {}) {
    auto& who = *members.emplace_back(std::make_unique<connection_book::member>());
    auto number = members.size() - 1;
    who.address = address;
    who.give_way = [this, number] { gone.push_back(number); };
    book.enter(who);
    return who;
  }

  connection_book book;
  std::vector<std::unique_ptr<connection_book::member>> members;
  std::vector<std::size_t> gone;
};

}  // namespace

TEST_CASE_FIXTURE(book_of_many, "who has waited longest goes first, and once") {
  for (int i = 0; i < 3; ++i)
    book.begin_wait(enter(), i == 0);
  book.begin_wait(*members[0], false);
  CHECK(book.make_room());
  CHECK(book.make_room());
  CHECK(book.make_room());
  CHECK(!book.make_room());
  CHECK(gone == std::vector<std::size_t>{1, 2, 0});
}

TEST_CASE_FIXTURE(book_of_many, "who is being answered stays") {
  auto& one = enter();
  enter();
  CHECK(!book.make_room());
  {
    peers_turn turn(book, one, true);
    CHECK(book.somebody_waits());
  }
  CHECK(!book.somebody_waits());
  CHECK(!book.make_room());
}

TEST_CASE_FIXTURE(book_of_many, "connections are counted by address until they leave or give way") {
  auto& one = enter("a");
  auto& two = enter("a");
  auto& other = enter("b");
  enter();
  CHECK(book.of("a") == 2);
  CHECK(book.of("b") == 1);
  CHECK(book.of("") == 0);
  CHECK(!book.make_room("a"));
  book.begin_wait(other, false);
  book.begin_wait(two, false);
  book.begin_wait(one, true);
  CHECK(book.make_room("a"));
  CHECK(gone == std::vector<std::size_t>{1});
  CHECK(book.of("a") == 1);
  book.begin_wait(two, false);  // on its way out
  book.leave(two);
  book.leave(two);
  CHECK(book.of("a") == 1);
  book.leave(one);
  CHECK(book.of("a") == 0);
  CHECK(!book.make_room("a"));
  CHECK(book.make_room());
  CHECK(gone == std::vector<std::size_t>{1, 2});
}

TEST_CASE_FIXTURE(book_of_many, "only those who have sent nothing are dismissed as idle") {
  book.begin_wait(enter(), true);
  book.begin_wait(enter(), false);
  book.begin_wait(enter("a"), true);
  enter();
  book.dismiss_idle();
  CHECK(gone == std::vector<std::size_t>{0, 2});
  CHECK(book.make_room());
  CHECK(!book.make_room());
}

}  // namespace sonde::ingest
