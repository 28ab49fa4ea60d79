#include "tests/scanner/transcript.hpp"

#include "tests/support/contract.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sonde::test {
namespace {

namespace fs = std::filesystem;

/// Text, or `hex:` and digits.
std::string transcript_bytes(const model::json& value) {
  constexpr std::string_view hex = "hex:";
  auto text = value.get<std::string>();
  return text.starts_with(hex) ? bytes_of(text.substr(hex.size())) : text;
}

model::confidence transcript_confidence(const std::string& word) {
  for (auto each :
       {model::confidence::likely, model::confidence::said, model::confidence::proven}) {
    if (model::name_of(each) == word) return each;
  }
  throw std::runtime_error(word + " is no confidence");
}

model::service_observation transcript_service(const model::json& expected) {
  model::service_observation out;
  out.name = expected.at("name").get<std::string>();
  out.product = expected.value("product", std::string());
  out.version = expected.value("version", std::string());
  out.sure = transcript_confidence(expected.at("confidence").get<std::string>());
  if (!expected.contains("facts")) return out;
  for (const auto& fact : expected.at("facts").items()) {
    // A fact that there is several times is a list.
    bool list = fact.value().is_array();
    auto values = list ? fact.value() : model::json::array({fact.value()});
    for (const auto& value : values)
      out.facts.push_back({fact.key(), value.get<std::string>()});
  }
  return out;
}

transcript transcript_from(const model::json& file) {
  transcript out;
  out.module = file.at("module").get<std::string>();
  (void)file.at("server").get<std::string>();
  (void)file.at("recorded").get<bool>();
  out.port = file.at("port").get<std::uint16_t>();
  if (file.contains("greeting")) out.greeting = transcript_bytes(file.at("greeting"));
  if (file.contains("exchanges")) {
    for (const auto& each : file.at("exchanges")) {
      out.exchanges.push_back(
          {transcript_bytes(each.at("request")), transcript_bytes(each.at("response"))});
    }
  }
  out.expected = transcript_service(file.at("expect"));
  if (!out.greeting && out.exchanges.empty()) throw std::runtime_error("it has no bytes");
  return out;
}

transcript read_transcript_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  try {
    auto out = transcript_from(model::parse_own(text.str()));
    out.file = path.filename().string();
    return out;
  } catch (const std::exception& e) {
    throw std::runtime_error(path.string() + " is no transcript: " + e.what());
  }
}

std::vector<transcript> read_transcript_folder() {
  std::vector<transcript> out;
  for (const auto& entry : fs::directory_iterator(SONDE_SOURCE_DIR "/tests/scanner/transcripts")) {
    if (entry.path().extension() == ".json") out.push_back(read_transcript_file(entry.path()));
  }
  std::ranges::sort(out, {}, &transcript::file);
  return out;
}

}  // namespace

std::vector<std::string> transcript::sent_by_server() const {
  std::vector<std::string> out;
  if (greeting) out.push_back(*greeting);
  for (const auto& exchange : exchanges)
    out.push_back(exchange.response);
  return out;
}

const std::vector<transcript>& transcripts() {
  static const auto all = read_transcript_folder();
  return all;
}

scanner::talk_context transcript_context(std::uint16_t port) {
  scanner::talk_context out;
  out.host = "test.example";
  out.host_is_name = true;
  out.port = port;
  out.user_agent = "Sonde/test (+https://sonde.example)";
  out.nonce = 0x536F6E64;
  return out;
}

}  // namespace sonde::test
