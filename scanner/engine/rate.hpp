#pragma once

#include "base/clock.hpp"
#include "model/net/ip_address.hpp"

#include <cstddef>
#include <map>
#include <memory>

namespace sonde::scanner {

/// Limits events to a rate, evenly spaced, with a small burst after a pause.
///
/// Gives turns in the order of the calls, so that no waiting caller is overtaken. A turn stays
/// valid until it is used.
class token_bucket {
 public:
  /// `per_second` of zero: no limit.
  explicit token_bucket(double per_second);

  /// Takes one turn. Returns the time from which it may be used; a time not later than `now` means
  /// immediately.
  [[nodiscard]] steady_time take(steady_time now);
  void set_rate(double per_second, steady_time now);
  [[nodiscard]] double rate() const { return per_second_; }
  [[nodiscard]] bool unlimited() const { return per_second_ <= 0; }

 private:
  void refill(steady_time now);

  double per_second_;
  double burst_;
  double tokens_;  ///< negative: the number of callers that wait for their turn
  steady_time filled_at_{};
};

/// The rate of probes to one address: the configured rate, and less while responses get lost.
///
/// A loss is a port that was silent and responded to a second probe. Each loss halves the rate, at
/// most once a second; responses without loss restore it.
class adaptive_rate {
 public:
  explicit adaptive_rate(double per_second) : bucket_(per_second), configured_(per_second) {}

  [[nodiscard]] token_bucket& bucket() { return bucket_; }
  void note_answer(steady_time now);
  void note_loss(steady_time now);
  /// Changes the configured rate; a reduction by losses remains.
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

/// Whose network an address is in (`policy::is_own`).
enum class network_owner {
  others,
  us,  ///< its addresses have no limits
};

/// The rates of the addresses that one thread scans. A scan of an address holds its rate; two tasks
/// that scan the same address share it. Lives on one thread.
class rate_table {
 public:
  explicit rate_table(const rate_settings& settings) : settings_(settings) {}

  struct lease {
    std::shared_ptr<adaptive_rate> address;
    std::shared_ptr<token_bucket> network;

    /// Takes a turn for one probe at both. Returns the time from which it may be sent.
    [[nodiscard]] steady_time take(steady_time now) const;
  };
  [[nodiscard]] lease lease_for(const model::ip_address& address, network_owner owner);
  /// Sets the number of scanning processes, including this one. No process knows the probes of the
  /// others to an address, so each takes an equal part of the rates.
  void share_among(std::size_t processes, steady_time now);
  /// Changes the configured rates immediately. An address without a limit keeps none until its scan
  /// has ended.
  void set_rates(const rate_settings& settings, steady_time now);

 private:
  void adjust(steady_time now);

  rate_settings settings_;
  double sharers_ = 1;
  std::map<model::ip_address, std::weak_ptr<adaptive_rate>> addresses_;
  std::map<model::network, std::weak_ptr<token_bucket>> networks_;
};

/// Returns the network, /24 or /48, for an address's second rate. Addresses are also assigned to
/// threads by it.
[[nodiscard]] model::network rate_network(const model::ip_address& address);

}  // namespace sonde::scanner
