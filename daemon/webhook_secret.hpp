#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "model/webhook_keys.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sonde::daemon {

/// The keys that webhooks are encrypted and signed with: those of `webhook.key_file`, or those in
/// the data folder, which are made at the first start. Shared secrets of earlier versions come
/// beside them, from `webhook.secret_file` or the data folder. Nothing where there is neither: on
/// Kafka all processes need the same keys, so keys in each folder would do harm. Errors name the
/// file and the setting.
[[nodiscard]] result<std::shared_ptr<const model::webhook_keys>> load_webhook_keys(
    const configuration& config, const std::optional<std::filesystem::path>& data_dir);

/// What an operator should change about these keys; empty: nothing.
[[nodiscard]] std::string advice_on(const model::webhook_keys& keys);

}  // namespace sonde::daemon
