# sonde_library(NAME [ASIO] [COLD] SOURCES … [LINKS …] [PRIVATE_LINKS …])
#
# A folder's static library, named sonde_NAME. ASIO: it uses Asio, and so shares the one
# precompiled header, which base/async owns. COLD: it runs rarely, and -O1 compiles a quarter
# faster.
function(sonde_library name)
  cmake_parse_arguments(arg "ASIO;COLD" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  set(target sonde_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  target_link_libraries(${target} PUBLIC sonde_options ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
  if(arg_COLD)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  if(arg_ASIO)
    target_link_libraries(${target} PUBLIC sonde_async)
    target_precompile_headers(${target} REUSE_FROM sonde_async)
  endif()
endfunction()
