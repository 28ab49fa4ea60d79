#pragma once

namespace sonde::views {

/// The scheduling weight of a folding thread. Internal to this folder.
///
/// No call waits for most of the folding, but many calls wait for reads. With a lower weight a
/// burst of folding does not keep a reading thread from a processor for a time slice. If the
/// process may not raise a thread's weight again (`RLIMIT_NICE`, `CAP_SYS_NICE`), the weight is
/// never lowered. Created on any thread; used on the folding thread only.
class fold_weight {
 public:
  fold_weight();

  void lower();
  void raise();

 private:
  int usual_;  ///< the nice value of the process
  bool may_change_;
  bool lowered_ = false;
};

}  // namespace sonde::views
