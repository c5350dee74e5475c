# SPDX-License-Identifier: GPL-3.0-or-later
# How every target of mish is built: language, warnings, sanitizers; and the three packages it needs.
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(MISH_CCACHE ccache)
if(MISH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MISH_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${MISH_CCACHE})
endif()

function(mish_require package debian)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} is missing. On Debian: apt-get install ${debian}")
  endif()
endfunction()
mish_require(fmt libfmt-dev)
# fmt_FOUND is set in the function's scope only; the imported target is what counts.
find_package(fmt REQUIRED QUIET)
# Headers only: shell/base/format.cc compiles what they declare into the program.
get_target_property(MISH_FMT_INCLUDE fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
add_library(mish_fmt INTERFACE)
target_include_directories(mish_fmt SYSTEM INTERFACE ${MISH_FMT_INCLUDE})

add_library(mish_options INTERFACE)
target_include_directories(mish_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(mish_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wconversion -Wswitch>
  # GCC 12 warns of every inlined std::string that is put behind a literal (GCC bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<CONFIG:Debug>:-O1 -g1>)
target_compile_definitions(mish_options INTERFACE _GNU_SOURCE)
if(MISH_SANITIZE)
  target_compile_options(mish_options INTERFACE -fsanitize=${MISH_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(mish_options INTERFACE -fsanitize=${MISH_SANITIZE})
elseif(MISH_STATIC_RUNTIME)
  # Not what goes into other people's programs.
  set(fixed $<AND:$<CONFIG:Release>,$<NOT:$<BOOL:$<TARGET_PROPERTY:POSITION_INDEPENDENT_CODE>>>>)
  # A fixed address and lazy binding: half of the instructions of `mish -c :` would otherwise be the dynamic loader's.
  target_compile_options(mish_options INTERFACE $<${fixed}:-fno-pie>
    $<$<CONFIG:Release>:-ffunction-sections;-fdata-sections>)
  target_link_options(mish_options INTERFACE -static-libstdc++ -static-libgcc
    $<${fixed}:-no-pie> $<$<CONFIG:Release>:LINKER:-z,lazy,--as-needed,--gc-sections,-O1,--hash-style=gnu>)
endif()
if(MISH_LTO AND CMAKE_BUILD_TYPE STREQUAL Release AND NOT MISH_SANITIZE)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# mish_library(NAME SOURCES a.cc ... USES other libraries)
function(mish_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC mish_options ${ARG_USES})
endfunction()

# mish_test(NAME SOURCES a_test.cc ... USES libraries): one GoogleTest program; each TEST is a CTest test.
function(mish_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;USES;ENVIRONMENT" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} GTest::gtest GTest::gmock GTest::gtest_main)
  # A test is compiled more often than it runs: no optimisation, and the headers of GoogleTest only once.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O0>)
  target_precompile_headers(${name} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:<gmock/gmock.h$<ANGLE-R>> $<$<COMPILE_LANGUAGE:CXX>:<gtest/gtest.h$<ANGLE-R>>
    $<$<COMPILE_LANGUAGE:CXX>:<string$<ANGLE-R>> $<$<COMPILE_LANGUAGE:CXX>:<vector$<ANGLE-R>>)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
