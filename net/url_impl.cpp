// The non-template part of Boost.URL, compiled once. Debian has no package of its library.
#include <boost/url/src.hpp>
