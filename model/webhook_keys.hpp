#pragma once

#include "base/result.hpp"
#include "model/webhook.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The keys that ingest and senders share: nobody else knows those of `webhook.key_file`.
///
/// An encryption key hides webhooks on topics; the first one encrypts, every one decrypts. From a
/// signing key a secret is derived for each endpoint (owner and URL); the first one is the newest,
/// all of them sign. A shared secret is what earlier versions had: receivers know it, and it
/// encrypted too. Immutable once it is filled; any thread.
class webhook_keys {
 public:
  /// One key a line: `whenc_…` encrypts, `whsig_…` signs, `whsec_…` is a shared secret of earlier
  /// versions, which decrypts what they have written. Each is base64 of 24 to 64 bytes. Empty lines
  /// and those that begin with # are skipped. Fails where a line is none of these, where nothing
  /// encrypts, and where there is a `whenc_` without a `whsig_`.
  [[nodiscard]] static result<webhook_keys> parse(std::string_view text);
  /// A file of shared secrets beside these keys. They decrypt, and sign as second signatures, so
  /// that receivers can change to their own secrets one by one.
  [[nodiscard]] result<> add_shared(std::string_view text);

  [[nodiscard]] webhook seal(const webhook_order& order) const;
  [[nodiscard]] result<webhook_order> open(const webhook& hook) const;
  /// The bytes that a message to this webhook is signed with, once each.
  [[nodiscard]] std::vector<std::string> signing(const webhook_order& order) const;
  /// The secrets of an endpoint as its owner is told them, the newest first; empty where all
  /// endpoints share the operator's.
  [[nodiscard]] std::vector<std::string> secrets_of(const std::string& owner,
                                                    const std::string& url) const;

  /// A secret that many receivers know still signs.
  [[nodiscard]] bool shares_signatures() const { return signing_.empty() || !shared_.empty(); }
  /// It even encrypts.
  [[nodiscard]] bool shares_encryption() const { return encryption_.front().shared; }

 private:
  struct encryption_key {
    std::string id;  ///< stands before what it has encrypted
    std::string bytes;
    bool shared = false;
  };

  result<> add_line(std::string_view line);
  [[nodiscard]] std::vector<std::string> derived(const std::string& owner,
                                                 const std::string& url) const;

  std::vector<encryption_key> encryption_;
  std::vector<std::string> signing_;
  std::vector<std::string> shared_;   ///< sign beside the derived secrets
  std::vector<std::string> decrypt_;  ///< `whsec_` lines: sign only what has no owner
};

}  // namespace sonde::model
