#include "model/scan/endpoint_json.hpp"

#include "model/text/field_reader.hpp"

namespace sonde::model {
namespace {

json to_json(const request_result& r) {
  json out = {{"module", r.module}, {"outcome", r.outcome}};
  auto put = [&](const char* name, std::uint32_t value) {
    if (value > 0) out[name] = value;
  };
  put("sent", r.sent);
  put("received", r.received);
  put("time_ms", r.time_ms);
  return out;
}

result<request_result> read_request_result(const json& object) {
  field_reader fields(object);
  request_result out;
  out.module = fields.text("module");
  out.outcome = fields.text("outcome");
  out.sent = fields.small_number_or("sent", 0);
  out.received = fields.small_number_or("received", 0);
  out.time_ms = fields.small_number_or("time_ms", 0);
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace

json to_json(const endpoint_result& r) {
  json out = {{"endpoint", r.endpoint}, {"service", r.service.str()}};
  auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("name", r.name);
  put("product", r.product);
  put("version", r.version);
  put("confidence", r.confidence);
  put("banner", r.banner);
  put("certificate", r.certificate);
  put("subject", r.subject);
  put("not-after", r.not_after);
  put("not_after", r.not_after);
  put("detail", r.detail);
  if (r.tls) out["tls"] = true;
  if (r.self_signed) out["self-signed"] = true;
  for (const auto& request : r.requests)
    out["requests"].push_back(to_json(request));
  return out;
}

result<endpoint_result> read_endpoint(const json& object) {
  field_reader fields(object);
  endpoint_result out;
  out.endpoint = fields.text("endpoint");
  out.service = entity_id(fields.text("service"));
  out.name = fields.text_or("name", {});
  out.product = fields.text_or("product", {});
  out.version = fields.text_or("version", {});
  out.confidence = fields.text_or("confidence", {});
  out.banner = fields.text_or("banner", {});
  out.certificate = fields.text_or("certificate", {});
  out.subject = fields.text_or("subject", {});
  out.not_after = fields.text_or("not-after", fields.text_or("not_after", {}));
  out.detail = fields.text_or("detail", {});
  out.tls = fields.boolean_or("tls", false);
  out.self_signed = fields.boolean_or("self-signed", false);
  out.requests = read_list(fields, "requests", read_request_result);
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
