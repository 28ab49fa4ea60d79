#pragma once

#include "base/async/run_on.hpp"

#include <type_traits>
#include <utility>

namespace sonde::views {

template <class T>
struct is_awaitable : std::false_type {};
template <class T>
struct is_awaitable<awaitable<T>> : std::true_type {};

/// Calls a member function of an object that lives on another loop, and resumes on this one with
/// its result. Moves the arguments to the other loop. `run_on` and `run_coroutine_on` have the
/// rules. Internal to this folder.
template <class T, class R, class... Parameters, class... Arguments>
auto run_member_on(executor loop, T& object, R (T::*member)(Parameters...),
                   Arguments... arguments) {
  auto work = [&object, member, ... held = std::move(arguments)]() mutable {
    return (object.*member)(std::move(held)...);
  };
  if constexpr (is_awaitable<R>::value) {
    return run_coroutine_on(std::move(loop), std::move(work));
  } else {
    return run_on(std::move(loop), std::move(work));
  }
}

}  // namespace sonde::views
