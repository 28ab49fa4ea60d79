#include "scanner/engine/page_icon.hpp"

#include "scanner/engine/inner_talk.hpp"
#include "scanner/modules/http_favicon.hpp"

#include <utility>

namespace sonde::scanner {

awaitable<void> ask_for_icon(exchange_context& with, endpoint_notes& notes) {
  const auto& seen = notes.endpoint();
  if (with.how_deep() != depth::deep || !shows_http_page(seen)) co_return;
  bool inside_tls = seen.tls.has_value() && !seen.tls->starttls;
  auto where = inside_tls ? talk_place::inside_tls : talk_place::plain;
  auto talk = favicon_talk(with.talk());
  auto outcome = co_await ask_more(with, where, *talk, "favicon", notes);
  if (outcome && outcome->known) notes.take_details(std::move(outcome->known->service));
}

}  // namespace sonde::scanner
