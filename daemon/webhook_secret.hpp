#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "model/webhook/webhook_keys.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sonde::daemon {

/// Loads the keys that encrypt and sign webhooks: those of `webhook.key_file`, or those in the data
/// folder, which the first start creates. Adds shared secrets of earlier versions, from
/// `webhook.secret_file` or the data folder. Null if there are neither keys nor secrets: with Kafka
/// all processes need the same keys, so none are created in a data folder. Errors name the file and
/// the setting.
[[nodiscard]] result<std::shared_ptr<const model::webhook_keys>> load_webhook_keys(
    const configuration& config, const std::optional<std::filesystem::path>& data_dir);

/// Returns what an operator should change about these keys; empty if no change is needed.
[[nodiscard]] std::string advice_on(const model::webhook_keys& keys);

}  // namespace sonde::daemon
