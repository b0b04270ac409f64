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
option(MAINS_FAST_LINKER "link with mold or lld where one is installed" ON)

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

if(MAINS_FAST_LINKER)
  find_program(MAINS_MOLD_PROGRAM mold)
  find_program(MAINS_LLD_PROGRAM ld.lld)
  if(MAINS_MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND
     CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
    add_link_options(-fuse-ld=mold)
    execute_process(COMMAND ${MAINS_MOLD_PROGRAM} --version OUTPUT_VARIABLE mold_version)
    if(mold_version MATCHES "^mold 1\\.")
      # It may begin the read-only part of a program at a thread's variables, which lie a few bytes
      # before the first page that is mapped: one layout in some hundred does not start ("cannot
      # apply additional memory protection after relocation"). So no such part; what is shipped
      # has one, from the compiler's own linker.
      add_link_options(-Wl,-z,norelro)
      set(MAINS_SHIPPED_LINK_OPTIONS -fuse-ld=bfd -Wl,-z,relro)
    endif()
  elseif(MAINS_LLD_PROGRAM)
    add_link_options(-fuse-ld=lld)
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
