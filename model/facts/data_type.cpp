#include "model/facts/data_type.hpp"

#include "base/enum_names.hpp"

namespace sonde::model {
namespace {

constexpr enum_table<data_type, 38> data_types{{{
    {data_type::text, "String"},
    {data_type::case_sensitive_text, "Case-sensitive string"},
    {data_type::ip, "IP"},
    {data_type::cidr, "CIDR"},
    {data_type::fqdn, "FQDN"},
    {data_type::port, "Port"},
    {data_type::endpoint, "Endpoint"},
    {data_type::email, "Email"},
    {data_type::url, "URL"},
    {data_type::uuid, "UUID"},
    {data_type::md5, "MD5"},
    {data_type::sha1, "SHA-1"},
    {data_type::sha224, "SHA-224"},
    {data_type::sha256, "SHA-256"},
    {data_type::sha384, "SHA-384"},
    {data_type::sha512, "SHA-512"},
    {data_type::sha3_224, "SHA3-224"},
    {data_type::sha3_256, "SHA3-256"},
    {data_type::sha3_384, "SHA3-384"},
    {data_type::sha3_512, "SHA3-512"},
    {data_type::sha512_224, "SHA512-224"},
    {data_type::sha512_256, "SHA512-256"},
    {data_type::file_id, "UUID|MD5|SHA3-256"},
    {data_type::hexadecimal, "Hexadecimal"},
    {data_type::base64, "BASE64"},
    {data_type::mac, "MAC"},
    {data_type::mime_type, "MIME type"},
    {data_type::path, "Path"},
    {data_type::phone, "Phone"},
    {data_type::city, "City"},
    {data_type::country, "Country"},
    {data_type::date, "Date"},
    {data_type::datetime, "Datetime"},
    {data_type::integer, "Integer"},
    {data_type::floating, "Float"},
    {data_type::boolean, "Boolean"},
    {data_type::regex, "Regex"},
    {data_type::adversary, "Adversary"},
}}};
static_assert(data_types.is_in_order());

constexpr auto every_type = data_types.values();

}  // namespace

std::string_view name_of(data_type type) {
  return data_types.name(type);
}

std::span<const data_type> all_data_types() {
  return every_type;
}

}  // namespace sonde::model
