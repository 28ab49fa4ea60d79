#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "model/webhook.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace sonde::daemon {

/// The secrets that webhooks are sealed and signed with: those of `webhook.secret_file`, or the one
/// in the data folder, which is made at the first start. Nothing where there is neither: on Kafka
/// all processes need the same, so one of each folder would do harm. Errors name the file and the
/// setting.
[[nodiscard]] result<std::shared_ptr<const model::webhook_keys>> load_webhook_keys(
    const configuration& config, const std::optional<std::filesystem::path>& data_dir);

}  // namespace sonde::daemon
