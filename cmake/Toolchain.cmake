# Compiler settings shared by every target; nothing here is specific to one room.
find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need these two sloppiness settings (ccache manual, "Precompiled headers"). With the base
  # directory, and no path of the checkout in what is compiled (below), one checkout finds what another has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

find_program(LLD ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
  # g++ 12 reports false positives for these inside std::string and std::variant at -O2; array-bounds and the
  # stringop ones, for the same reason, are off in the release preset alone.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
if(GNOMON_SANITIZE)
  add_compile_options(-fsanitize=${GNOMON_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GNOMON_SANITIZE})
  # Instrumented code makes g++ 12 see accesses beyond strings that are none.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot assemble a coroutine with the mark that this check puts before functions.
    add_compile_options(-fno-sanitize=function)
  endif()
  if(GNOMON_SANITIZE MATCHES thread)
    # The sanitizer does not understand fences; Asio's stand beside locks that it does understand.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-error=tsan>)
  endif()
endif()
if(GNOMON_FUZZ)
  # The hunt follows the branches of the rooms, not only those of the targets.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
