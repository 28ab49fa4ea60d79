#include "queue/errc.hpp"

namespace sonde::queue {

const char* category_name(errc) {
  return "queue";
}

const char* describe(errc code) {
  switch (code) {
    case errc::busy: return "too many records wait to become durable; try again later";
    case errc::no_space: return "the disk is full";
    case errc::unavailable: return "the queue cannot make records durable now";
    case errc::broken: return "the queue failed while writing and must be restarted";
    case errc::too_large: return "the record, or a batch of records, is over the limit";
    case errc::unknown_topic: return "there is no such topic";
    case errc::out_of_range: return "the offset is not in the topic";
    case errc::not_owned: return "the partition belongs to another consumer";
    case errc::closed: return "the queue is closed";
    case errc::locked: return "another process writes to this queue";
    case errc::read_only: return "the queue cannot be written to";
    case errc::not_ours: return "the file is not a queue of this program";
    case errc::unknown_schema: return "the file was written by a later version";
    case errc::damaged: return "the file is damaged";
    case errc::mismatch: return "a topic does not match the configuration";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  switch (code) {
    case errc::busy:
    case errc::no_space:
    case errc::unavailable:
    case errc::broken:
    case errc::locked:
    case errc::read_only:
    case errc::unknown_topic: return true;
    default: return false;
  }
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::queue
