#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <string>

namespace sonde::ingest {

/// Who is connected, and who of them has kept the server waiting longest: that one has to go when
/// there is no room for another.
///
/// A connection waits while its peer has to do something: send a request, send the rest of it, take
/// an answer. One whose request is being answered does not wait, and nothing makes it go. Pure; all
/// of it on one loop.
class connection_book {
 public:
  /// One connection. Its owner enters and leaves it, and outlives neither.
  struct member {
    std::string address;             ///< that connections are counted by; empty: it is not counted
    std::function<void()> give_way;  ///< called once, when it has to go; does not wait
    bool entered = false;
    bool waits = false;
    bool idle = false;
    std::list<member*>::iterator among_all = {};
    std::list<member*>::iterator among_own = {};
  };

  void enter(member& who);
  /// Also where it has left or given way before.
  void leave(member& who);

  /// Its peer's turn, from now on. `idle`: it has sent nothing that has to be answered.
  void begin_wait(member& who, bool idle);
  void end_wait(member& who);

  /// Lets whoever has waited longest give way: of all, or of one address. False: nobody waits.
  bool make_room();
  bool make_room(const std::string& address);
  /// Lets all who are idle give way.
  void dismiss_idle();

  /// Of one address, without those that have given way.
  [[nodiscard]] std::size_t of(const std::string& address) const;
  [[nodiscard]] bool somebody_waits() const { return !waiting_.empty(); }

 private:
  struct neighbours {
    std::size_t count = 0;
    std::list<member*> waiting;
  };

  void dismiss(member& who);

  std::list<member*> waiting_;  ///< who has waited longest stands first
  std::map<std::string, neighbours> addresses_;
};

/// Waits for the peer as long as it lives.
class peers_turn {
 public:
  peers_turn(connection_book& book, connection_book::member& who, bool idle)
      : book_(book), who_(who) {
    book_.begin_wait(who_, idle);
  }
  ~peers_turn() { book_.end_wait(who_); }
  peers_turn(const peers_turn&) = delete;
  peers_turn& operator=(const peers_turn&) = delete;

 private:
  connection_book& book_;
  connection_book::member& who_;
};

}  // namespace sonde::ingest
