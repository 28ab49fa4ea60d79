#include "daemon/verbs/report.hpp"

#include "client/errc.hpp"
#include "client/standard_output.hpp"
#include "model/text/text.hpp"

#include <algorithm>
#include <iostream>

namespace sonde::daemon {

int complain(const error& why, int code) {
  auto text = model::visible(why.message());
  for (std::size_t begin = 0; begin <= text.size();) {
    auto end = std::min(text.find('\n', begin), text.size());
    std::cerr << "sonde: " << text.substr(begin, end - begin) << "\n";
    begin = end + 1;
  }
  return code;
}

int print_out(std::string_view text) {
  auto printed = client::write_output(text);
  if (printed) printed = client::check_output();
  if (printed) return client::exit_code::done;
  int code = client::exit_code_of(printed.error());
  return code == client::exit_code::output_closed ? code : complain(printed.error(), code);
}

}  // namespace sonde::daemon
