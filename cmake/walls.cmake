# The walls of the house as tests. What each one guards, and how it was broken once on
# purpose to see it fall, stands beside it.

set(MAINS_WALLS_DIR ${CMAKE_CURRENT_LIST_DIR}/test)

# twin_test(<name> FILE <file> ROOMS <rooms>... CASES <n> EXPECT <regex> [DEFINES <d>...])
# The file must compile with MAINS_PEEK=0 and must fail with MAINS_PEEK=1 .. n, each time with
# a message that matches EXPECT: a file that fails for another reason proves nothing.
function(twin_test name)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "FILE;CASES;EXPECT" "ROOMS;DEFINES")
  if(NOT T_CASES)
    set(T_CASES 1)
  endif()
  set(includes)
  foreach(room IN LISTS T_ROOMS)
    list(APPEND includes $<TARGET_PROPERTY:${room},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  get_filename_component(file ${T_FILE} ABSOLUTE)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND}
    "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DFILE=${file}" "-DINCLUDES=${includes}"
    "-DDEFINES=${T_DEFINES}" "-DCASES=${T_CASES}" "-DEXPECT=${T_EXPECT}"
    -P ${MAINS_WALLS_DIR}/twin.cmake)
  set_tests_properties(${name} PROPERTIES LABELS wall TIMEOUT 300)
endfunction()

get_property(rooms GLOBAL PROPERTY MAINS_ROOMS)
set(blind_rooms)
set(other_rooms content engine)
foreach(room IN LISTS rooms)
  get_target_property(wing ${room} ROOM_WING)
  if(wing STREQUAL "blind")
    list(APPEND blind_rooms ${room})
  elseif(NOT wing STREQUAL "base")
    list(APPEND other_rooms ${room})
  endif()
endforeach()
list(REMOVE_DUPLICATES other_rooms)
list(JOIN other_rooms "|" other_rooms)

# Wall 2: room() refuses. Broken on purpose: with `LESS` made `LESS_EQUAL` in room(), the case
# "equals do not know each other" fails; with the blind check taken out of refuse_use(), four
# cases do.
add_test(NAME wall.room_refuses COMMAND ${CMAKE_COMMAND}
  "-DTABLE=${MAINS_WALLS_DIR}/refusals.table" "-DMAINS=${CMAKE_CURRENT_LIST_DIR}"
  "-DWORK=${CMAKE_BINARY_DIR}/refusals" "-DCOMPILER=${CMAKE_CXX_COMPILER}"
  -P ${MAINS_WALLS_DIR}/refusals.cmake)
set_tests_properties(wall.room_refuses PROPERTIES LABELS wall TIMEOUT 300)

# Wall 3: Blind<T>. Broken on purpose: with `sizeof(T) >= 2` taken out of is_blind_scalar_v the
# case of the character array compiles, and with the sum of sizes taken out of is_blind() the
# case of the field left off the list does; the test then fails.
if(TARGET base)
  twin_test(wall.crossing FILE ${MAINS_WALLS_DIR}/twin/crossing.cpp ROOMS base CASES 11
    EXPECT "static assertion failed|static_assert failed")
endif()

# Wall 4: a blind room that peeks does not compile. Every public header of the other wings is
# tried from every blind room. Broken on purpose: with `content` added to the USES of terms
# (and the check in room() taken out), each of these finds the header and fails.
file(GLOB foreign RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/sighted/*/include/*/*.hpp ${CMAKE_SOURCE_DIR}/front/*/include/*/*.hpp)
list(TRANSFORM foreign REPLACE "^.*/include/" "")
foreach(room IN LISTS blind_rooms)
  if(foreign)
    get_target_property(own ${room} HEADER_SET)
    list(TRANSFORM own REPLACE "^.*/include/" "")
    add_test(NAME wall.peek.${room} COMMAND ${CMAKE_COMMAND}
      "-DCOMPILER=${CMAKE_CXX_COMPILER}"
      "-DINCLUDES=$<TARGET_PROPERTY:${room},INTERFACE_INCLUDE_DIRECTORIES>"
      "-DOWN=${own}" "-DFOREIGN=${foreign}" "-DWORK=${CMAKE_BINARY_DIR}/peek/${room}"
      -P ${MAINS_WALLS_DIR}/peek.cmake)
    set_tests_properties(wall.peek.${room} PROPERTIES LABELS wall TIMEOUT 300)
  endif()

  # No symbol of the other wings either, declared by hand or not. Broken on purpose: with
  # `namespace engine { int free_kv(); } int peek() { return engine::free_kv(); }` in meter,
  # wall.symbols.meter names the symbol and fails.
  add_test(NAME wall.symbols.${room}
    COMMAND sh ${MAINS_WALLS_DIR}/symbols.sh ${CMAKE_NM} $<TARGET_FILE:${room}>
      "${other_rooms}")
  set_tests_properties(wall.symbols.${room} PROPERTIES LABELS wall)
endforeach()
# The check itself must be able to see such symbols: it has to fail on a room that has them.
if(TARGET engine)
  add_test(NAME wall.symbols_are_seen
    COMMAND sh ${MAINS_WALLS_DIR}/symbols.sh ${CMAKE_NM} $<TARGET_FILE:engine>
      "${other_rooms}")
  set_tests_properties(wall.symbols_are_seen PROPERTIES LABELS wall WILL_FAIL ON)
endif()
