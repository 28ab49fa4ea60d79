#include "model/data_type.hpp"

namespace sonde::model {
namespace {

constexpr data_type every_type[] = {
    data_type::text,       data_type::case_sensitive_text,
    data_type::ip,         data_type::cidr,
    data_type::fqdn,       data_type::port,
    data_type::endpoint,   data_type::email,
    data_type::url,        data_type::uuid,
    data_type::md5,        data_type::sha1,
    data_type::sha224,     data_type::sha256,
    data_type::sha384,     data_type::sha512,
    data_type::sha3_224,   data_type::sha3_256,
    data_type::sha3_384,   data_type::sha3_512,
    data_type::sha512_224, data_type::sha512_256,
    data_type::file_id,    data_type::hexadecimal,
    data_type::base64,     data_type::mac,
    data_type::mime_type,  data_type::path,
    data_type::phone,      data_type::city,
    data_type::country,    data_type::date,
    data_type::datetime,   data_type::integer,
    data_type::floating,   data_type::boolean,
    data_type::regex,      data_type::adversary,
};

}  // namespace

std::string_view name_of(data_type type) {
  switch (type) {
    case data_type::text: return "String";
    case data_type::case_sensitive_text: return "Case-sensitive string";
    case data_type::ip: return "IP";
    case data_type::cidr: return "CIDR";
    case data_type::fqdn: return "FQDN";
    case data_type::port: return "Port";
    case data_type::endpoint: return "Endpoint";
    case data_type::email: return "Email";
    case data_type::url: return "URL";
    case data_type::uuid: return "UUID";
    case data_type::md5: return "MD5";
    case data_type::sha1: return "SHA-1";
    case data_type::sha224: return "SHA-224";
    case data_type::sha256: return "SHA-256";
    case data_type::sha384: return "SHA-384";
    case data_type::sha512: return "SHA-512";
    case data_type::sha3_224: return "SHA3-224";
    case data_type::sha3_256: return "SHA3-256";
    case data_type::sha3_384: return "SHA3-384";
    case data_type::sha3_512: return "SHA3-512";
    case data_type::sha512_224: return "SHA512-224";
    case data_type::sha512_256: return "SHA512-256";
    case data_type::file_id: return "UUID|MD5|SHA3-256";
    case data_type::hexadecimal: return "Hexadecimal";
    case data_type::base64: return "BASE64";
    case data_type::mac: return "MAC";
    case data_type::mime_type: return "MIME type";
    case data_type::path: return "Path";
    case data_type::phone: return "Phone";
    case data_type::city: return "City";
    case data_type::country: return "Country";
    case data_type::date: return "Date";
    case data_type::datetime: return "Datetime";
    case data_type::integer: return "Integer";
    case data_type::floating: return "Float";
    case data_type::boolean: return "Boolean";
    case data_type::regex: return "Regex";
    case data_type::adversary: return "Adversary";
  }
  return "unknown";
}

std::span<const data_type> all_data_types() {
  return every_type;
}

}  // namespace sonde::model
