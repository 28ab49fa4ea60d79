#include "ingest/json_answer.hpp"

namespace sonde::ingest {

void answer_weight::add_text(std::string_view text) {
  constexpr std::size_t bytes_of_value = 32;
  counted_ += 1 + text.size() / bytes_of_value;
}

void answer_weight::add(const model::json& value) {
  if (is_much()) return;
  if (value.is_string()) {
    add_text(value.get_ref<const std::string&>());
    return;
  }
  ++counted_;
  if (!value.is_structured()) return;
  for (const auto& each : value) {
    add(each);
    if (is_much()) return;
  }
}

awaitable<result<std::string>> write_out(body_workers& workers, std::string caller,
                                         steady_time until, model::json value) {
  answer_weight weight;
  weight.add(value);
  if (!weight.is_much()) co_return model::to_text(value);
  std::function<result<std::string>()> work = [value = std::move(value)] {
    return result<std::string>(model::to_text(value));
  };
  auto text = co_await workers.run(std::move(caller), until, std::move(work));
  co_return text;
}

}  // namespace sonde::ingest
