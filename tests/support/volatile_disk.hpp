#pragma once

namespace sonde::test {

/// Uses a disk that loses unsynced writes: an SQLite VFS between SQLite and the files.
/// Written data stays in memory until it is synced; only then does it reach the file. A process
/// killed with SIGKILL has therefore lost exactly what a power cut takes. For tests, in programs of
/// their own: it becomes the default of every database opened afterwards.
void use_volatile_disk();

/// Makes every later sync fail, as on a disk that has lost a write; `false` ends that.
void fail_syncs(bool fail);
/// Does the same for database files, but not for their write-ahead logs: for the step that copies
/// the logs into the database files.
void fail_syncs_of_files(bool fail);

}  // namespace sonde::test
