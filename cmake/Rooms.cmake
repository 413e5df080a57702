# One CMake target per folder of src/ (a "room"). Sources are found by name:
#   x.cc belongs to the library, x_test.cc to the room's test program, x_bench.cc to gnomon-bench.
# Which room may use which is written in the DEPS lists and held by tools/check_layers.py.

# The standard headers that nearly every file needs, compiled once.
file(WRITE ${CMAKE_BINARY_DIR}/empty.cc "")
add_library(gnomon_pch STATIC ${CMAKE_BINARY_DIR}/empty.cc)
target_precompile_headers(gnomon_pch PRIVATE
  <algorithm> <array> <chrono> <cstddef> <cstdint> <deque> <functional> <map> <memory> <optional> <span> <string>
  <string_view> <unordered_map> <utility> <variant> <vector> <tl/expected.hpp> <fmt/format.h>)
target_link_libraries(gnomon_pch PUBLIC fmt::fmt)
if(GNOMON_TESTS)
  add_library(gnomon_test_pch STATIC ${CMAKE_BINARY_DIR}/empty.cc)
  target_precompile_headers(gnomon_test_pch PRIVATE
    <algorithm> <array> <chrono> <cstddef> <cstdint> <map> <memory> <optional> <span> <string> <vector>
    <tl/expected.hpp> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(gnomon_test_pch PUBLIC fmt::fmt GTest::gtest GTest::gmock)
endif()

# Defines GNOMON_SOURCE_DIR for those files that ask for it, and for no other: it keeps an object from being found again
# by another checkout.
function(gnomon_tell_source_dir)
  foreach(file ${ARGN})
    file(STRINGS ${file} uses REGEX GNOMON_SOURCE_DIR LIMIT_COUNT 1)
    if(uses)
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_DEFINITIONS GNOMON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    endif()
  endforeach()
endfunction()

# gnomon_room(NAME [DEPS room...] [LINK library...] [TEST_LINK library...])
function(gnomon_room name)
  cmake_parse_arguments(ROOM "" "" "DEPS;LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_main\\.cc$")
  if(NOT sources)
    list(APPEND sources ${CMAKE_BINARY_DIR}/empty.cc)
  endif()
  list(TRANSFORM ROOM_DEPS PREPEND gnomon_)

  add_library(gnomon_${name} STATIC ${sources})
  target_include_directories(gnomon_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(gnomon_${name} PUBLIC ${ROOM_DEPS} fmt::fmt Threads::Threads PRIVATE ${ROOM_LINK})
  target_precompile_headers(gnomon_${name} REUSE_FROM gnomon_pch)

  if(GNOMON_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE gnomon_${name} ${ROOM_LINK} ${ROOM_TEST_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
    target_precompile_headers(${name}_test REUSE_FROM gnomon_test_pch)
    gnomon_tell_source_dir(${tests})
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()
