# The rooms of the house, lowest first. A room that is not on disk is skipped, so the sealed
# build (base and blind alone) uses this same list.
set(MAINS_HOUSE
  base
  blind/terms
  blind/schedule blind/meter blind/price blind/ledger blind/receipt
  blind/store
  blind/settle
  sighted/content
  sighted/wire
  sighted/engine sighted/upstream
  sighted/serve
  front/registry
  front/api front/console front/cli
  front/app
  sim)

foreach(place IN LISTS MAINS_HOUSE)
  # A room that is added later makes the build configure itself again.
  if(EXISTS ${CMAKE_SOURCE_DIR}/${place}/CMakeLists.txt)
    add_subdirectory(${place})
  else()
    get_filename_component(wing ${place} DIRECTORY)
    file(GLOB unused CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${place}/CMakeLists.txt)
  endif()
endforeach()
