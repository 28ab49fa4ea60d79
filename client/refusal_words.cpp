#include "client/refusal_words.hpp"

#include "client/errc.hpp"
#include "model/ids.hpp"

#include <string_view>
#include <utility>

namespace sonde::client {
namespace {

/// Request fields that are options of `sonde scan`. The sentence about a field begins with its
/// name.
constexpr std::string_view fields_with_option[] = {"ports: ", "profile: ", "depth: ", "priority: "};

/// Beginnings of the server's refusals of several targets in one.
constexpr std::string_view refusals_of_many[] = {"is a network", "is a range of addresses",
                                                 "holds a comma"};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

std::string in_words_of_command(std::string sentence) {
  for (auto field : fields_with_option) {
    if (!sentence.starts_with(field)) continue;
    sentence.insert(0, "--");
    break;
  }
  replace_all(sentence, "\"ports\"", "--ports");
  for (auto mark : refusals_of_many) {
    if (sentence.find(mark) == sentence.npos) continue;
    sentence +=
        "; a list of targets, one a line, is read by --targets FILE or, for the target -, from "
        "standard input";
    break;
  }
  return sentence;
}

std::string without_request_fields(std::string sentence) {
  replace_all(sentence, ", and ports in \"ports\"", "");
  return sentence;
}

error with_name(error why, const std::string& what) {
  if (why.code != make_error_code(errc::not_found)) return why;
  return fail(errc::not_found, "there is no " + what + ", or it is not visible to this key");
}

error with_scan(error why, const std::string& id) {
  if (!model::read_task_id(id)) return why;
  if (why.code == make_error_code(errc::gone)) return fail(errc::gone, id + ": " + why.message());
  return with_name(std::move(why), "scan " + id);
}

}  // namespace sonde::client
