# Embeds the built web application (web/dist) into a target as bytes, by the assembler's .incbin: no huge C arrays.
#
# The list of files is looked at on each build (CONFIGURE_DEPENDS); a changed file rebuilds the object. Without web/dist a
# plain page takes its place that says how to build it.

# gnomon_embed_web(TARGET DIST FALLBACK)
function(gnomon_embed_web target dist fallback)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${dist}/*)
  set(folder ${dist})
  if(NOT ${dist}/index.html IN_LIST files)
    set(folder ${fallback})
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${fallback}/*)
  endif()
  list(SORT files)

  set(blocks "")
  set(declarations "")
  set(rows "")
  set(number 0)
  foreach(file ${files})
    file(RELATIVE_PATH name ${folder} ${file})
    string(APPEND blocks "    \".balign 16\\n\"\n    \"gnomon_web_${number}_begin:\\n\"\n"
      "    \".incbin \\\"${file}\\\"\\n\"\n    \"gnomon_web_${number}_end:\\n\"\n")
    string(APPEND declarations "extern const char gnomon_web_${number}_begin[], gnomon_web_${number}_end[];\n")
    string(APPEND rows "      {\"/${name}\", bytes(gnomon_web_${number}_begin, gnomon_web_${number}_end)},\n")
    math(EXPR number "${number} + 1")
  endforeach()

  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_web.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [=[
// Written by cmake/EmbedWeb.cmake.
#include "server/web_files.h"

asm(".section .rodata\n"
@blocks@    ".byte 0\n"
    ".text\n");

extern "C" {
@declarations@}

namespace gnomon::server {

std::pair<const EmbeddedFile*, std::size_t> embedded_web() {
  const auto bytes = [](const char* begin, const char* end) {
    return std::string_view(begin, static_cast<std::size_t>(end - begin));
  };
  static const EmbeddedFile kFiles[] = {
@rows@  };
  return {kFiles, std::size(kFiles)};
}

}  // namespace gnomon::server
]=])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}" SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${source})
endfunction()
