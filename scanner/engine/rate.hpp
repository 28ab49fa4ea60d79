#pragma once

#include "base/clock.hpp"
#include "model/ip_address.hpp"

#include <cstddef>
#include <map>
#include <memory>

namespace sonde::scanner {

/// Lets so many things a second pass, evenly, with a little burst after a pause.
///
/// Turns are given in the order in which they were asked for, so that nobody who waits is passed
/// by. Whoever has a turn keeps it until it is used.
class token_bucket {
 public:
  /// `per_second` of zero: no limit.
  explicit token_bucket(double per_second);

  /// Takes one turn. Returns the moment from which it may be used; not later than `now`: at once.
  [[nodiscard]] steady_time take(steady_time now);
  void set_rate(double per_second, steady_time now);
  [[nodiscard]] double rate() const { return per_second_; }
  [[nodiscard]] bool unlimited() const { return per_second_ <= 0; }

 private:
  void refill(steady_time now);

  double per_second_;
  double burst_;
  double tokens_;  ///< below zero: so many wait for their turn
  steady_time filled_at_{};
};

/// How fast one address may be asked: the configured rate, and less while answers get lost.
///
/// A loss is a port that stayed silent and answered when it was asked again. Each halves the rate,
/// at most once a second; answers without loss win it back.
class adaptive_rate {
 public:
  explicit adaptive_rate(double per_second) : bucket_(per_second), configured_(per_second) {}

  [[nodiscard]] token_bucket& bucket() { return bucket_; }
  void note_answer(steady_time now);
  void note_loss(steady_time now);
  /// Another configured rate; what losses have taken of it stays taken.
  void set_configured(double per_second, steady_time now);

 private:
  token_bucket bucket_;
  double configured_;
  steady_time last_loss_{};
  int answers_since_change_ = 0;
};

struct rate_settings {
  double per_address = 200;
  double per_network = 2000;  ///< a /24 of IPv4, a /48 of IPv6
};

/// The rates of the addresses that are being scanned on one thread. Whoever scans an address holds
/// its rate; two tasks that scan the same one share it. Lives on one thread.
class rate_table {
 public:
  explicit rate_table(const rate_settings& settings) : settings_(settings) {}

  struct lease {
    std::shared_ptr<adaptive_rate> address;
    std::shared_ptr<token_bucket> network;

    /// Takes a turn for one probe, at both: the moment from which it may leave.
    [[nodiscard]] steady_time take(steady_time now) const;
  };
  /// `own`: a network of the operator's, without limits.
  [[nodiscard]] lease lease_for(const model::ip_address& address, bool own);
  /// So many processes scan, this one included, and none knows what the others ask of an address:
  /// each takes an equal part of the rates.
  void share_among(std::size_t processes, steady_time now);
  /// Other configured rates, at once. What has no limit keeps none until its scan has ended.
  void set_rates(const rate_settings& settings, steady_time now);

 private:
  void adjust(steady_time now);

  rate_settings settings_;
  double sharers_ = 1;
  std::map<model::ip_address, std::weak_ptr<adaptive_rate>> addresses_;
  std::map<model::network, std::weak_ptr<token_bucket>> networks_;
};

/// The network that an address's second rate is about, and by which addresses are dealt out to
/// threads: /24 or /48.
[[nodiscard]] model::network rate_network(const model::ip_address& address);

}  // namespace sonde::scanner
