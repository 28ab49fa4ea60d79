#include "tests/model/value_tables.hpp"

namespace sonde::model::test {
namespace {

using namespace std::string_literals;

const std::string no_break_space = "\xC2\xA0";

/// Returns text that grows in lower case: Ⱥ has two bytes, ⱥ has three.
std::string growing(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += "\xC8\xBA";
  return out;
}

}  // namespace

TEST_CASE("a string is cleaned and becomes lower case, and a blank one is refused") {
  check_accepted(data_type::text,
                 {
                     {"plain", "plain"},
                     {"MiXeD Case", "mixed case"},
                     {" kept  spaces ", " kept  spaces "},
                     {"tab\tand\nline", "tab\tand\nline"},
                     {"a\0b"s, "a b"},
                     {"bell\a", "bell "},
                     {"\x1b[0m", " [0m"},
                     {"GRÖSSE", "grösse"},
                     {"ÉTÉ €5 ½", "été €5 ½"},
                     {"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
                     {"МОСКВА", "москва"},
                     {"日本", "日本"},
                     {"\xC4\xB0", "i"},        // İ
                     {"e\xCC\x81", "e "},      // U+0301, a mark
                     {"a\xE2\x80\x8B", "a "},  // U+200B, a format character
                     {"A" + no_break_space, "a" + no_break_space},
                     {"\xE2\x85\xA7", "\xE2\x85\xB7"},  // Ⅷ, a number
                     {"0", "0"},
                     {std::string(longest_value, 'A'), std::string(longest_value, 'a')},
                 });
  check_refused(data_type::text, {
                                     {"", "blank"},
                                     {" ", "blank"},
                                     {" \t\r\n\v\f ", "blank"},
                                     {no_break_space, "blank"},
                                     {"\0"s, "control characters"},
                                     {"\x01\x02 \x7f", "control characters"},
                                     {"\xCC\x81", "control characters and marks"},
                                     {"\xFF", "UTF-8"},
                                     {"\xC3", "UTF-8"},
                                     {"\xED\xA0\x80", "UTF-8"},      // a surrogate
                                     {"\xC0\x80", "UTF-8"},          // NUL in two bytes
                                     {"\xF4\x90\x80\x80", "UTF-8"},  // beyond U+10FFFF
                                     {"ab\x80", "UTF-8"},
                                     {std::string(longest_value + 1, 'a'), "65536"},
                                     {growing(longest_value / 2), "65536"},
                                 });
}

TEST_CASE("a case-sensitive string is cleaned and keeps its case, and a blank one is refused") {
  check_accepted(data_type::case_sensitive_text,
                 {
                     {"plain", "plain"},
                     {"MiXeD Case", "MiXeD Case"},
                     {" kept  spaces ", " kept  spaces "},
                     {"tab\tand\nline", "tab\tand\nline"},
                     {"a\0b"s, "a b"},
                     {"\x1b[0m", " [0m"},
                     {"GRÖSSE €5 ½", "GRÖSSE €5 ½"},
                     {"e\xCC\x81", "e "},
                     {"a\xEF\xBB\xBF", "a "},  // U+FEFF, a format character
                     {"-----BEGIN PGP-----\nAbC=\n", "-----BEGIN PGP-----\nAbC=\n"},
                     {"hunter2\r\n", "hunter2\r\n"},
                     {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},  // U+FFFD is a symbol
                     {growing(longest_value / 2), growing(longest_value / 2)},
                 });
  check_refused(data_type::case_sensitive_text, {
                                                    {"", "blank"},
                                                    {"\t", "blank"},
                                                    {no_break_space, "blank"},
                                                    {"\0\0"s, "control characters"},
                                                    {"\x7f", "control characters"},
                                                    {"\xEF\xBB\xBF", "control characters"},
                                                    {"\xFE", "UTF-8"},
                                                    {std::string(longest_value + 1, ' '), "65536"},
                                                });
}

TEST_CASE("a path becomes lower case, and a URL is refused") {
  check_accepted(data_type::path, {
                                      {"/etc/passwd", "/etc/passwd"},
                                      {"/Etc/PASSWD", "/etc/passwd"},
                                      {"C:\\Windows\\System32", "c:\\windows\\system32"},
                                      {"C:/Windows", "c:/windows"},
                                      {"relative/Path", "relative/path"},
                                      {"file", "file"},
                                      {"..", ".."},
                                      {"/", "/"},
                                      {"//server/share", "//server/share"},
                                      {"a:/b", "a:/b"},
                                      {"/With Space", "/with space"},
                                      {"/Übung", "/übung"},
                                      {"%APPDATA%\\x", "%appdata%\\x"},
                                  });
  check_refused(data_type::path, {
                                     {"http://example.com/a", "URL"},
                                     {"file:///etc/passwd", "URL"},
                                     {"://", "URL"},
                                     {"/a/b://c", "URL"},
                                     {"", "blank"},
                                     {"  ", "blank"},
                                     {"/a\0b"s, "NUL"},
                                     {"/\xFF", "UTF-8"},
                                     {std::string(longest_value + 1, '/'), "65536"},
                                     {growing(longest_value / 2), "65536"},
                                 });
}

TEST_CASE("cities and countries get title case") {
  for (auto type : {data_type::city, data_type::country}) {
    check_accepted(type, {
                             {"london", "London"},
                             {"LONDON", "London"},
                             {"rio DE janeiro", "Rio De Janeiro"},
                             {"port-au-prince", "Port-Au-Prince"},
                             {"st. john's", "St. John's"},
                             {"L'AQUILA", "L'aquila"},
                             {"l’aquila", "L’aquila"},
                             {"'s-hertogenbosch", "'S-Hertogenbosch"},
                             {"zürich", "Zürich"},
                             {"ÅRHUS", "Århus"},
                             {"москва", "Москва"},
                             {"東京", "東京"},
                             {"İSTANBUL", "İstanbul"},
                             {"6th of october", "6th Of October"},
                             {"guinea (bissau)", "Guinea (Bissau)"},
                             {"a/b", "A/B"},
                             {" two  words ", " Two  Words "},
                             {"\xC7\x84", "\xC7\x85"},  // Ǆ has a separate title case form: ǅ
                         });
    check_refused(type, {
                            {"", "blank"},
                            {" ", "blank"},
                            {"a\0b"s, "NUL"},
                            {"\xC3", "UTF-8"},
                            {std::string(longest_value + 1, 'a'), "65536"},
                        });
  }
}

TEST_CASE("a MIME type becomes lower case, and an invalid one is refused") {
  check_accepted(data_type::mime_type, {
                                           {"text/html", "text/html"},
                                           {"TEXT/Html", "text/html"},
                                           {"application/xhtml+xml", "application/xhtml+xml"},
                                           {"application/vnd.ms-excel", "application/vnd.ms-excel"},
                                           {"audio/mp3", "audio/mp3"},
                                           {"a/b,c", "a/b,c"},  // , is between + and .
                                           {"x/+-.", "x/+-."},
                                       });
  for (const char* written :
       {"text", "text/", "/html", "text/js", "text/html; charset=utf-8", "text/*", "*/*",
        "text/ht_ml", "x-world/x-vrml", "text1/html", "text/html/xml", "text /html", "text/html ",
        "text/html\n", "text\\html", "text/htm*l", "text/ab(c"}) {
    check_refused(data_type::mime_type, {{written, "not a MIME type"}});
  }
}

TEST_CASE("a phone number is accepted unchanged, and an invalid one is refused") {
  check_unchanged(
      data_type::phone,
      {"+15555550100", "+1 555 555 0100", "+1-555-555-0100", "+1 (555) 555-0100", "+1(555)5550100",
       "+49 30 1234", "+358 9 1234 5678", "+4412", "+123 1", "+999 (1234) 1234-1234-1234"});
  for (const char* written :
       {"15555550100", "0015555550100", "+358 9 1234 5678 9012", "+", "+1234 5678 9012 3456 7",
        "+abc", "+1 555.555.0100", "+1 555/5550100", "+1 (555", "+1 555)", "+1 () 555",
        "+1 (55555) 1", "+1  555 0100", "+1 555 555 0100 x12", "+1 555 555 0100 ",
        "+1 555 555 0100 1", "+1 12345 1234 1234 1234", "(555) 555-0100", "＋15555550100"}) {
    check_refused(data_type::phone, {{written, "not a phone number"}});
  }
}

TEST_CASE("a regular expression is accepted unchanged, and an invalid one is refused") {
  check_unchanged(data_type::regex,
                  {"abc", "^a.*b$", "(?i)evil", "[a-z]{2,5}", "\\d+\\.exe", "(?P<name>x)", "a|b|",
                   "\\x{1F600}", "\\pL+", "[[:alpha:]]", "(?:x){1000}", "a b", "MiXeD"});
  check_refused(data_type::regex, {
                                      {"(", "missing"},
                                      {")", "unexpected )"},
                                      {"[a", "missing ]"},
                                      {"[z-a]", "range"},
                                      {"*a", "repetition"},
                                      {"a**", "repetition"},
                                      {"a{1001}", "repetition"},
                                      {"a{2,1}", "repetition"},
                                      {"\\", "trailing"},
                                      {"(?=x)", "perl operator"},
                                      {"(?!x)", "perl operator"},
                                      {"(?<=x)", "perl operator"},
                                      {"(a)\\1", "escape"},
                                      {"\\pX", "range"},
                                      {"((a{100}){100}){100}", "repetition"},
                                      {"a\0b"s, "NUL"},
                                      {" ", "blank"},
                                  });
}

TEST_CASE("the length and the compiled size of a regular expression are limited") {
  auto longest = std::string(longest_regex, 'a');
  check_unchanged(data_type::regex, {longest, "[^\\n]{0,200}", "(?:[0-9]{1,3}\\.){3}[0-9]{1,3}",
                                     "(?i)(?:[a-z0-9-]{1,63}\\.)+(?:ru|cn|example)"});
  check_refused(data_type::regex, {
                                      {longest + "a", "longer than the 4096 bytes"},
                                      {"\\pL{500}", "too large once compiled"},
                                      {"(?:\\pL|x){99}", "too large once compiled"},
                                  });
}

TEST_CASE("the cost of an expensive value is estimated before it is checked") {
  auto work = [](data_type type, std::string text) { return value_work(type, json(text)); };
  CHECK(work(data_type::text, "a") == 1);
  CHECK(work(data_type::text, std::string(longest_value, 'a')) == 4'097);
  CHECK(value_work(data_type::integer, json(5)) == 1);
  CHECK(work(data_type::regex, "a") < 50);
  CHECK(work(data_type::regex, std::string(longest_regex, 'a')) < 20'000);
  std::string classes;
  while (classes.size() + 3 <= longest_regex)
    classes += "\\PL";
  // 240 ms of processor time.
  CHECK(work(data_type::regex, "(?i)" + classes.substr(0, 4'092)) > 300'000);
  CHECK(work(data_type::regex, "x{0,1000}") > 10'000);
  CHECK(work(data_type::regex, "x{32}") < 1'000);
  // Too long to be compiled; its only cost is the check of its length.
  CHECK(work(data_type::regex, classes + classes) < 1'000);
}

TEST_CASE("an adversary is accepted unchanged, and a value of another type is refused") {
  check_unchanged(data_type::adversary,
                  {"APT28", "Fancy Bear", "FIN7", "UNC2452", "Lazarus Group", "Müller's Gang",
                   "TA-505", "a.b c", "Сandworm", "12345", "1.2.3", "d41d8cd98f00b204"});
  check_refused(data_type::adversary, {
                                          {"203.0.113.1", "an IP address"},
                                          {"10.0.0.1", "an IP address"},
                                          {"2001:DB8::1", "an IP address"},
                                          {"user@example.com", "an e-mail address"},
                                          {"A Name <user@example.com>", "an e-mail address"},
                                          {"example.com", "a domain name"},
                                          {"EXAMPLE.com.", "a domain name"},
                                          {"https://example.com", "a URL"},
                                          {"mailto:a@b.example", "a URL"},
                                          {"/absolute", "a URL"},
                                          {"+1 555 555 0100", "a phone number"},
                                          {"123e4567-e89b-12d3-a456-426614174abc", "a UUID"},
                                          {"123e4567e89b12d3a456426614174abc", "a UUID"},
                                          {"", "blank"},
                                          {"a\0b"s, "NUL"},
                                      });
}

}  // namespace sonde::model::test
