#pragma once

#include "base/result.hpp"

#include <doctest/doctest.h>

#include <string>

/// Makes `CHECK(some_result)` print the error if there is no value.
template <class T>
struct doctest::StringMaker<boost::system::result<T, sonde::error>> {
  static doctest::String convert(const boost::system::result<T, sonde::error>& r) {
    return r.has_value() ? "a value" : ("the error: " + r.error().message()).c_str();
  }
};
