#pragma once

namespace sonde::test {

/// A disk that forgets what was not synced: an SQLite VFS between SQLite and the files.
///
/// What is written stays in memory until it is synced; only then does it reach the file. A process
/// killed with SIGKILL has therefore lost exactly what a power cut takes. For tests, in programs of
/// their own: it becomes the default of every database opened afterwards.
void use_volatile_disk();

/// From now on every sync fails, as on a disk that has lost a write; until called with false.
void fail_syncs(bool fail);
/// The same for database files, not for their write-ahead logs: for what copies the logs into them.
void fail_syncs_of_files(bool fail);

}  // namespace sonde::test
