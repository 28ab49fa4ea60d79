#pragma once

#include "base/result.hpp"
#include "scanner/modules/recog_file.hpp"
#include "scanner/modules/recognition.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::scanner {

/// The limit of the fingerprints of all files together. The Recog project has about 6,000.
inline constexpr std::size_t recog_fingerprints_most = 20'000;

/// The fingerprints of an operator's Recog files. They add a product, a version and a CPE name to
/// what the modules found. Immutable; shared by the engines of all threads.
class recog_database {
 public:
  /// Counts what was loaded and what was left out.
  struct counts {
    std::size_t files = 0;
    std::size_t fingerprints = 0;
    std::size_t other_files = 0;       ///< for texts that Sonde does not have
    std::size_t refused_patterns = 0;  ///< RE2 does not compile them
  };

  /// Compiles the fingerprints. Fails where a parameter refers to a group that its pattern does not
  /// have; the error names the file and the line.
  [[nodiscard]] static result<std::shared_ptr<const recog_database>> from_files(
      std::vector<recog_file> files);
  ~recog_database();
  recog_database(const recog_database&) = delete;
  recog_database& operator=(const recog_database&) = delete;

  /// Adds what a fingerprint knows and the module does not. A product that the module found stays:
  /// a fingerprint of the same product adds its version and CPE name, one of another product adds
  /// nothing, except the fact `application` of an HTTP service.
  void complete(recognition& known) const;
  [[nodiscard]] const counts& loaded() const { return loaded_; }

 private:
  class table;
  recog_database();
  result<> add(recog_file file);
  void compile();

  std::map<std::string, std::unique_ptr<table>, std::less<>> tables_;  ///< by `matches`
  counts loaded_;
};

}  // namespace sonde::scanner
