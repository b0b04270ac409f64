# How our own code is compiled. Code of others is never compiled with these.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

set(MAINS_SANITIZE "" CACHE STRING "address (with undefined behaviour), thread, or nothing")
option(MAINS_FUZZ "build the fuzz targets with libFuzzer (needs clang)" OFF)
set(MAINS_FUZZ_SECONDS 60 CACHE STRING "how long each fuzz target runs")
option(MAINS_CCACHE "compile through ccache where it is installed" ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
if(NOT MAINS_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
endif()

if(MAINS_CCACHE)
  find_program(MAINS_CCACHE_PROGRAM ccache)
  if(MAINS_CCACHE_PROGRAM)
    # Build folders beside each other share their results: paths are taken relative to the
    # source folder, and the working folder (which -g would record) is left out of the key.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime
      ${MAINS_CCACHE_PROGRAM})
  endif()
endif()

if(MAINS_SANITIZE STREQUAL "address")
  set(MAINS_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
elseif(MAINS_SANITIZE STREQUAL "thread")
  set(MAINS_SANITIZE_FLAGS -fsanitize=thread -fno-omit-frame-pointer)
elseif(MAINS_SANITIZE)
  message(FATAL_ERROR "MAINS_SANITIZE is '${MAINS_SANITIZE}'; it may be address or thread")
endif()
if(MAINS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "MAINS_FUZZ needs clang: configure with -DCMAKE_CXX_COMPILER=clang++")
  endif()
  list(APPEND MAINS_SANITIZE_FLAGS -fsanitize=fuzzer-no-link)
endif()
if(MAINS_SANITIZE_FLAGS)
  add_compile_options(${MAINS_SANITIZE_FLAGS})
  add_link_options(${MAINS_SANITIZE_FLAGS})
endif()

# Warnings of the house, errors all.
function(house_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    if(MAINS_SANITIZE)
      # The sanitizers' own code confuses these two; they stand in the other presets.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-tsan)
    endif()
  else()
    target_compile_options(${target} PRIVATE -Wno-sign-conversion)
  endif()
endfunction()
