cmake_minimum_required(VERSION 3.25)
# Compiles FILE with MAINS_PEEK=0 (must pass) and 1 .. CASES (must fail as EXPECT says).
list(REMOVE_DUPLICATES INCLUDES)
list(TRANSFORM INCLUDES PREPEND -I)
list(TRANSFORM DEFINES PREPEND -D)
foreach(peek RANGE ${CASES})
  execute_process(
    COMMAND ${COMPILER} -std=c++20 -fsyntax-only -DMAINS_PEEK=${peek} ${DEFINES} ${INCLUDES} ${FILE}
    RESULT_VARIABLE result ERROR_VARIABLE errors)
  if(peek EQUAL 0 AND NOT result EQUAL 0)
    message(FATAL_ERROR "${FILE}: the honest twin must compile, but:\n${errors}")
  elseif(peek GREATER 0 AND result EQUAL 0)
    message(FATAL_ERROR "${FILE}: case ${peek} compiles. The wall has a hole.")
  elseif(peek GREATER 0 AND NOT errors MATCHES "${EXPECT}")
    message(FATAL_ERROR "${FILE}: case ${peek} fails, but not with '${EXPECT}':\n${errors}")
  endif()
endforeach()
