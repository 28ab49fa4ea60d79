#include "tests/support/doctest.hpp"
