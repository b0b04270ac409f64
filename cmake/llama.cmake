# llama.cpp as imported targets:
#   llama::llama    libllama and ggml: <llama.h>, <ggml.h>, <gguf.h>
#   llama::common   its chat templates, tool calls, JSON schemas, samplers: <chat.h>, <sampling.h>
#
# It is compiled once, uninstrumented, by tools/build-llama, and shared by all presets. The
# compile happens at build time, when the first target that links it is built.

set(MAINS_LLAMA_SOURCE "" CACHE PATH "a source folder of llama.cpp instead of the pinned one")
set(MAINS_LLAMA_SYSTEM OFF CACHE STRING
  "ON: use an installed libllama; AUTO: use it where it fits; OFF: build the pinned one")
set_property(CACHE MAINS_LLAMA_SYSTEM PROPERTY STRINGS OFF AUTO ON)
option(MAINS_CUDA "build ggml with CUDA" OFF)
option(MAINS_VULKAN "build ggml with Vulkan" OFF)
option(MAINS_CPU_ALL_VARIANTS "choose the CPU variant of ggml at run time (for packages)" OFF)
set(MAINS_LLAMA_DIR ${CMAKE_SOURCE_DIR}/build/_llama CACHE PATH "where llama.cpp is built")

find_package(Threads REQUIRED)

if(MAINS_LLAMA_SYSTEM)
  include(${CMAKE_CURRENT_LIST_DIR}/llama_system.cmake)
  if(TARGET llama::llama)
    return()
  endif()
endif()

set(variant native)
set(install ${MAINS_LLAMA_DIR}/install)
if((MAINS_CUDA AND MAINS_VULKAN) OR (MAINS_CPU_ALL_VARIANTS AND (MAINS_CUDA OR MAINS_VULKAN)))
  message(FATAL_ERROR "MAINS_CUDA, MAINS_VULKAN and MAINS_CPU_ALL_VARIANTS exclude each other")
elseif(MAINS_CUDA)
  set(variant cuda)
elseif(MAINS_VULKAN)
  set(variant vulkan)
elseif(MAINS_CPU_ALL_VARIANTS)
  set(variant variants)
endif()
if(NOT variant STREQUAL "native")
  set(install ${MAINS_LLAMA_DIR}/install-${variant})
endif()

set(command ${CMAKE_COMMAND} -E env MAINS_LLAMA_DIR=${MAINS_LLAMA_DIR}
  ${CMAKE_SOURCE_DIR}/tools/build-llama --variant ${variant})
if(MAINS_LLAMA_SOURCE)
  list(APPEND command --source ${MAINS_LLAMA_SOURCE})
endif()

set(files)
if(variant STREQUAL "variants")
  foreach(library llama-common llama ggml ggml-base)
    list(APPEND files ${install}/lib/lib${library}.so)
  endforeach()
  list(APPEND files ${install}/lib/libllama-common-base.a)
else()
  # In link order: each needs only what follows.
  set(backends ggml-cpu)
  if(variant STREQUAL "cuda")
    list(APPEND backends ggml-cuda)
  elseif(variant STREQUAL "vulkan")
    list(APPEND backends ggml-vulkan)
  endif()
  foreach(library llama-common llama-common-base cpp-httplib llama ggml ${backends} ggml-base)
    list(APPEND files ${install}/lib/lib${library}.a)
  endforeach()
endif()

add_custom_command(OUTPUT ${install}/stamp
  BYPRODUCTS ${files}
  COMMAND ${command}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/build-llama ${CMAKE_SOURCE_DIR}/tools/fetch-llama
  COMMENT "llama.cpp (${variant}): built once, shared by all presets"
  USES_TERMINAL VERBATIM)
add_custom_target(llama_cpp DEPENDS ${install}/stamp)

# CMake wants include folders to exist when it configures; the build fills them.
file(MAKE_DIRECTORY ${install}/include/common ${install}/include/vendor)

set(common_files ${files})
list(FILTER common_files INCLUDE REGEX "common|httplib")
set(engine_files ${files})
list(FILTER engine_files EXCLUDE REGEX "common|httplib")

add_library(llama::llama INTERFACE IMPORTED GLOBAL)
add_dependencies(llama::llama llama_cpp)
target_include_directories(llama::llama SYSTEM INTERFACE ${install}/include)
target_link_libraries(llama::llama INTERFACE ${engine_files} Threads::Threads ${CMAKE_DL_LIBS})
if(variant STREQUAL "variants")
  # libggml looks for its CPU variants beside itself and beside the program.
  target_link_options(llama::llama INTERFACE "LINKER:-rpath,${install}/lib:$ORIGIN:$ORIGIN/../lib")
else()
  # ggml's CPU backend is compiled by gcc with OpenMP.
  target_link_libraries(llama::llama INTERFACE gomp)
endif()
if(MAINS_CUDA)
  find_package(CUDAToolkit REQUIRED)
  target_link_libraries(llama::llama INTERFACE CUDA::cudart CUDA::cublas CUDA::cuda_driver)
elseif(MAINS_VULKAN)
  find_package(Vulkan REQUIRED)
  target_link_libraries(llama::llama INTERFACE Vulkan::Vulkan)
endif()

add_library(llama::common INTERFACE IMPORTED GLOBAL)
add_dependencies(llama::common llama_cpp)
target_include_directories(llama::common SYSTEM INTERFACE
  ${install}/include/common ${install}/include/vendor)
target_link_libraries(llama::common INTERFACE ${common_files} llama::llama)
