#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::scanner {

/// MurmurHash3_x86_32 (Austin Appleby, public domain) with seed 0. It identifies bytes and resists
/// no attack. Pure.
[[nodiscard]] std::uint32_t murmur3(std::string_view data);

}  // namespace sonde::scanner
