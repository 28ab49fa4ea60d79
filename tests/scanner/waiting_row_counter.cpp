#include "tests/scanner/waiting_row_counter.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace sonde::test {
namespace {

// SQLite calls plain functions for each new connection, so the count is not a member.
std::atomic<std::size_t> waiting_rows = 0;

int count_row(unsigned, void*, void* statement, void*) {
  // Statements that SQLite runs for itself have no text.
  const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
  if (sql != nullptr && std::strstr(sql, "WHERE t.waiting") != nullptr) ++waiting_rows;
  return 0;
}

int watch_rows(sqlite3* database, const char**, const sqlite3_api_routines*) {
  return sqlite3_trace_v2(database, SQLITE_TRACE_ROW, count_row, nullptr);
}

// https://sqlite.org/c3ref/auto_extension.html passes the function under another type.
using any_function = void (*)();
any_function extension() {
  return reinterpret_cast<any_function>(watch_rows);
}

}  // namespace

waiting_row_counter::waiting_row_counter() {
  waiting_rows = 0;
  sqlite3_auto_extension(extension());
}

waiting_row_counter::~waiting_row_counter() {
  sqlite3_cancel_auto_extension(extension());
}

std::size_t waiting_row_counter::rows() const {
  return waiting_rows;
}

}  // namespace sonde::test
