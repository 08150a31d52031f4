# SPDX-License-Identifier: MIT
# cohort_room(NAME [SOURCES files…] [PUBLIC targets…] [PRIVATE targets…])
#
# One room is one static library, made of src/NAME. Without SOURCES it takes every .cpp there. Its private headers are
# included as "NAME/file.hpp" and are visible only to the targets that link the room: each room offers a folder of its own
# that holds nothing but a link to src/NAME.
function(cohort_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;PUBLIC;PRIVATE")
  if(NOT room_SOURCES)
    file(GLOB room_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp)
    list(REMOVE_ITEM room_SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/src/io/asio.cpp)
  endif()
  if(NOT room_SOURCES)
    # A room that has a place in the plan but no code yet still has its link line.
    set(room_SOURCES ${PROJECT_BINARY_DIR}/rooms/${name}_is_empty.cpp)
    file(WRITE ${room_SOURCES} "")
  endif()
  add_library(cohort_${name} STATIC ${room_SOURCES})
  add_library(cohort::${name} ALIAS cohort_${name})
  set_target_properties(cohort_${name} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY COHORT_ROOMS ${name})

  set(door ${PROJECT_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${door})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/src/${name} ${door}/${name} SYMBOLIC)
  target_include_directories(cohort_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${door}> $<INSTALL_INTERFACE:include>)

  target_compile_features(cohort_${name} PUBLIC cxx_std_20)
  target_link_libraries(cohort_${name} PUBLIC ${room_PUBLIC} PRIVATE ${room_PRIVATE})
  if(PROJECT_IS_TOP_LEVEL)
    target_compile_options(cohort_${name} PRIVATE -Wall -Wextra -Wpedantic $<$<NOT:$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wshadow> -Wnon-virtual-dtor -Wimplicit-fallthrough)
  endif()
endfunction()
