#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <string>

namespace sonde::ingest {

/// State of a connection while its peer has to act. `idle`: no request of it is unanswered.
enum class peer_wait { idle, in_request };

/// Registry of open connections. When the connection limit is reached, the connection that has been
/// waiting longest for its peer is closed.
///
/// A connection waits while its peer has to act: send a request, send the rest of it, or read a
/// response. A connection whose request is being processed does not wait and is never closed. Pure;
/// lives on one loop.
class connection_registry {
 public:
  /// One connection. Its owner enters and removes it and does not outlive the registry.
  struct member {
    std::string address;             ///< the address that it counts for; empty: it is not counted
    std::function<void()> give_way;  ///< called once to evict it; does not block
    bool entered = false;
    bool waits = false;
    bool idle = false;
    std::list<member*>::iterator among_all = {};
    std::list<member*>::iterator among_own = {};
  };

  void enter(member& who);
  /// Removes a connection. Does nothing if it has left or was evicted before.
  void leave(member& who);

  /// Marks the connection as waiting for its peer.
  void begin_wait(member& who, peer_wait how);
  void end_wait(member& who);

  /// Evicts the connection that has waited longest, of all or of one address. Returns false if none
  /// waits.
  bool make_room();
  bool make_room(const std::string& address);
  /// Evicts all idle connections.
  void dismiss_idle();

  /// Counts the connections of one address without the evicted ones.
  [[nodiscard]] std::size_t of(const std::string& address) const;
  [[nodiscard]] bool somebody_waits() const { return !waiting_.empty(); }

 private:
  struct neighbours {
    std::size_t count = 0;
    std::list<member*> waiting;
  };

  void dismiss(member& who);

  std::list<member*> waiting_;  ///< ordered by waiting time, longest first
  std::map<std::string, neighbours> addresses_;
};

/// Marks a connection as waiting for its peer during the lifetime of this object.
class peers_turn {
 public:
  peers_turn(connection_registry& registry, connection_registry::member& who, peer_wait how)
      : registry_(registry), who_(who) {
    registry_.begin_wait(who_, how);
  }
  ~peers_turn() { registry_.end_wait(who_); }
  peers_turn(const peers_turn&) = delete;
  peers_turn& operator=(const peers_turn&) = delete;

 private:
  connection_registry& registry_;
  connection_registry::member& who_;
};

}  // namespace sonde::ingest
