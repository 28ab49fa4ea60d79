# ccache, when there is one. Precompiled headers need the two kinds of sloppiness below, or every
# file that uses one misses the cache. They also need CCACHE_DEPEND, which compares files and not
# preprocessed text: a precompiled header from before a change of comments alone would not know its
# own headers again, and `#pragma once` would fail.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_DEPEND=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
