# sonde_embed(TARGET FUNCTION FILE): compiles a text file into a folder's library, as what
# `std::string_view sonde::<folder>::FUNCTION()` returns. A header of the folder declares it.
function(sonde_embed target function file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  file(READ ${file} text)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded_text.cpp.in ${source} @ONLY)
  target_sources(${target} PRIVATE ${source})
endfunction()
