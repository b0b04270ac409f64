# An installed libllama, when MAINS_LLAMA_SYSTEM is ON (required) or AUTO (where it fits). It has
# to come with llama-common (chat templates, tool calls, grammars), whose headers most
# installations leave out, and to be of a fitting version.

set(lacks "")
find_package(llama CONFIG QUIET)
if(NOT llama_FOUND)
  set(lacks "no llama-config.cmake was found (set CMAKE_PREFIX_PATH to its prefix)")
else()
  find_library(MAINS_LLAMA_COMMON_LIBRARY NAMES llama-common HINTS ${LLAMA_LIB_DIR})
  find_library(MAINS_LLAMA_COMMON_BASE_LIBRARY NAMES llama-common-base HINTS ${LLAMA_LIB_DIR})
  find_library(MAINS_LLAMA_HTTP_LIBRARY NAMES cpp-httplib HINTS ${LLAMA_LIB_DIR})
  find_path(MAINS_LLAMA_COMMON_INCLUDE chat.h
    HINTS ${LLAMA_INCLUDE_DIR} PATH_SUFFIXES common llama-common llama/common)
  find_path(MAINS_LLAMA_JSON_INCLUDE nlohmann/json.hpp
    HINTS ${LLAMA_INCLUDE_DIR} PATH_SUFFIXES vendor)
  if(LLAMA_VERSION AND NOT LLAMA_VERSION MATCHES "^0\\.5\\.")
    set(lacks "it is of version ${LLAMA_VERSION}; 0.5.x fits")
  elseif(NOT MAINS_LLAMA_COMMON_LIBRARY)
    set(lacks "it lacks the library llama-common, which Mains needs for chat templates, tool "
      "calls and JSON schemas")
  elseif(NOT MAINS_LLAMA_COMMON_INCLUDE OR NOT MAINS_LLAMA_JSON_INCLUDE)
    set(lacks "it lacks the headers of llama-common (chat.h, nlohmann/json.hpp)")
  endif()
endif()

if(lacks)
  list(JOIN lacks "" lacks)
  if(NOT MAINS_LLAMA_SYSTEM STREQUAL "AUTO")
    message(FATAL_ERROR "the installed libllama does not fit: ${lacks}. "
      "Leave MAINS_LLAMA_SYSTEM off to build the pinned one.")
  endif()
  message(STATUS "libllama of the system is not used: ${lacks}")
  return()
endif()

message(STATUS "libllama of the system: ${llama_LIBRARY}, version ${LLAMA_VERSION}")
add_library(llama::llama INTERFACE IMPORTED GLOBAL)
target_include_directories(llama::llama SYSTEM INTERFACE ${LLAMA_INCLUDE_DIR})
target_link_libraries(llama::llama INTERFACE llama ggml::ggml Threads::Threads)
add_library(llama::common INTERFACE IMPORTED GLOBAL)
target_include_directories(llama::common SYSTEM INTERFACE
  ${MAINS_LLAMA_COMMON_INCLUDE} ${MAINS_LLAMA_JSON_INCLUDE})
target_link_libraries(llama::common INTERFACE ${MAINS_LLAMA_COMMON_LIBRARY})
foreach(library MAINS_LLAMA_COMMON_BASE_LIBRARY MAINS_LLAMA_HTTP_LIBRARY)
  if(${library})
    target_link_libraries(llama::common INTERFACE ${${library}})
  endif()
endforeach()
target_link_libraries(llama::common INTERFACE llama::llama)
