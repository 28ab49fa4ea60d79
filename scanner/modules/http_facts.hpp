#pragma once

#include "model/scan/observation.hpp"

#include <string>
#include <string_view>

namespace sonde::scanner {

/// Adds what an HTTP response says beside its server: `status`, `location` of a redirect,
/// `authentication` (the schemes of a 401), `realm`, `powered-by`, `asp-net`, `via`, `generator`
/// and `title`, then the product (`note_http_product`). Of a head without its end only `status`.
/// Linear in the size of the response.
void note_http_facts(std::string_view response, model::service_observation& service);

/// The text of the element `title`, on one line; empty where the bytes do not hold its end.
[[nodiscard]] std::string html_title(std::string_view body);
/// The content of `<meta name="generator">`.
[[nodiscard]] std::string_view html_generator(std::string_view body);

}  // namespace sonde::scanner
