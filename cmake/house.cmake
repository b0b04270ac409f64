# The rooms of the house: every folder base, sim or <wing>/<room> that has a CMakeLists.txt,
# lowest level first, as their room(...) calls say. What is not on disk is not missed, so the
# sealed build (base and blind alone) uses this same file.
file(GLOB places RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/base/CMakeLists.txt ${CMAKE_SOURCE_DIR}/sim/CMakeLists.txt
  ${CMAKE_SOURCE_DIR}/blind/*/CMakeLists.txt ${CMAKE_SOURCE_DIR}/sighted/*/CMakeLists.txt
  ${CMAKE_SOURCE_DIR}/front/*/CMakeLists.txt)
set(order)
foreach(place IN LISTS places)
  file(READ ${CMAKE_SOURCE_DIR}/${place} call)
  if(NOT call MATCHES "LEVEL +([0-9])")
    message(FATAL_ERROR "${place} has no room(<name> LEVEL <n> ...) call")
  endif()
  list(APPEND order "${CMAKE_MATCH_1} ${place}")
endforeach()
list(SORT order)
foreach(entry IN LISTS order)
  string(REGEX REPLACE "^[0-9] (.*)/CMakeLists.txt$" "\\1" place ${entry})
  add_subdirectory(${place})
endforeach()
