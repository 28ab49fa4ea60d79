#include "daemon/recog_setting.hpp"

#include "model/errc.hpp"
#include "scanner/modules/recog_folder.hpp"

namespace sonde::daemon {

result<std::shared_ptr<const scanner::recog_database>> load_fingerprints(
    const configuration& config) {
  if (config.scan.recog_dir.empty()) return std::shared_ptr<const scanner::recog_database>();
  auto loaded = scanner::load_recog_folder(config.scan.recog_dir);
  if (loaded) return loaded;
  return fail(model::errc::invalid_field, "scan.recog_dir: " + loaded.error().message());
}

void log_fingerprints(logger& log, const scanner::recog_database::counts& loaded) {
  log.info("fingerprints loaded",
           {{"files", static_cast<std::int64_t>(loaded.files)},
            {"fingerprints", static_cast<std::int64_t>(loaded.fingerprints)},
            {"unused_files", static_cast<std::int64_t>(loaded.other_files)}});
  if (loaded.refused_patterns == 0) return;
  log.warning("patterns invalid; their fingerprints are not used",
              {{"patterns", static_cast<std::int64_t>(loaded.refused_patterns)}});
}

}  // namespace sonde::daemon
