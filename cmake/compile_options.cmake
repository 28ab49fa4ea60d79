# Warnings and sanitizers live in one INTERFACE target that every target of ours links.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(SONDE_WERROR "Treat warnings as errors" ON)
set(SONDE_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=; empty for none")
option(SONDE_COVERAGE "Instrument for gcov" OFF)
option(SONDE_FUZZ "Build the libFuzzer targets (Clang)" OFF)

add_library(sonde_options INTERFACE)
target_include_directories(sonde_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(sonde_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes a coroutine frame's own operator new and delete for a mismatch where it inlines
  # only one of them.
  target_compile_options(sonde_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
  # A tenth of the time to compile was garbage collection in the compiler. A job uses up to 2 GiB.
  target_compile_options(sonde_options INTERFACE "SHELL:--param ggc-min-heapsize=2000000")
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A coroutine's frame holds types of its file's anonymous namespace, which in a unity build is not
  # the main file's.
  target_compile_options(sonde_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(SONDE_WERROR)
  target_compile_options(sonde_options INTERFACE -Werror)
endif()

if(SONDE_SANITIZE)
  target_compile_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE})
  target_link_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE})
  # GCC's own manual warns of false positives of this warning under sanitizers.
  target_compile_options(sonde_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # Without this, Asio keeps coroutine frames for reuse and hides a use after free.
  target_compile_definitions(sonde_options INTERFACE BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
  if(SONDE_SANITIZE MATCHES "undefined")
    # These four double the time to compile coroutine code and have found nothing here.
    target_compile_options(sonde_options INTERFACE -fno-sanitize=null,alignment,object-size,vptr
                           -fno-sanitize-recover=all)
  endif()
  if(SONDE_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Clang 14 cannot link coroutine code under it ("difference across sections").
    target_compile_options(sonde_options INTERFACE -fno-sanitize=function)
  endif()
  if(SONDE_SANITIZE MATCHES "thread")
    # GCC 12 warns of every atomic fence under -fsanitize=thread.
    target_compile_definitions(sonde_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(SONDE_FUZZ)
  target_compile_options(sonde_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SONDE_COVERAGE)
  target_compile_options(sonde_options INTERFACE --coverage)
  target_link_options(sonde_options INTERFACE --coverage)
endif()
