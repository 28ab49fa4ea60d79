#pragma once

#include "base/result.hpp"
#include "model/webhook/webhook.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The keys that ingest and the dispatcher share. No other component
/// has the keys of `webhook.key_file`.
///
/// An encryption key encrypts webhooks on topics. The first one encrypts, all of them decrypt. A
/// secret for each endpoint (owner and URL) is derived from a signing key. The first one is the
/// newest, all of them sign. A shared secret is the key of earlier versions: receivers know it, and
/// it also encrypted. Immutable once it is filled; any thread.
class webhook_keys {
 public:
  /// Parses one key a line: `whenc_…` encrypts, `whsig_…` signs, `whsec_…` is a shared secret of
  /// earlier versions, which decrypts their records. Each is base64 of 24 to 64 bytes. Empty lines
  /// and lines that begin with # are skipped. Fails if a line has another form, if no key encrypts,
  /// and if there is a `whenc_` without a `whsig_`.
  [[nodiscard]] static result<webhook_keys> parse(std::string_view text);
  /// Adds a file of shared secrets. They decrypt, and they sign as second signatures, so that
  /// receivers can change to their own secrets one by one.
  [[nodiscard]] result<> add_shared(std::string_view text);

  [[nodiscard]] webhook encrypt(const webhook_order& order) const;
  [[nodiscard]] result<webhook_order> open(const webhook& hook) const;
  /// Returns the keys that sign a message to this webhook, without duplicates.
  [[nodiscard]] std::vector<std::string> signing(const webhook_order& order) const;
  /// Returns the secrets of an endpoint for its owner, the newest first. Empty if all endpoints
  /// share the operator's secret.
  [[nodiscard]] std::vector<std::string> secrets_of(const std::string& owner,
                                                    const std::string& url) const;

  /// Reports whether a secret that many receivers know still signs.
  [[nodiscard]] bool shares_signatures() const { return signing_.empty() || !shared_.empty(); }
  /// Reports whether such a secret also encrypts.
  [[nodiscard]] bool shares_encryption() const { return encryption_.front().shared; }

 private:
  struct encryption_key {
    std::string id;  ///< prefix of the texts that this key has encrypted
    std::string bytes;
    bool shared = false;
  };

  result<> add_line(std::string_view line);
  [[nodiscard]] std::vector<std::string> derived(const std::string& owner,
                                                 const std::string& url) const;

  std::vector<encryption_key> encryption_;
  std::vector<std::string> signing_;
  std::vector<std::string> shared_;  ///< sign in addition to the derived secrets
  /// Secrets of `whsec_` lines. They sign only webhooks without an owner.
  std::vector<std::string> decrypt_;
};

}  // namespace sonde::model
