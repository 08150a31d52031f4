# SPDX-License-Identifier: MIT
# Builds and runs consumer/ against Cohort: way=package installs the build tree first, way=subdirectory adds the sources.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}: ${result}")
  endif()
endfunction()

file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
if(way STREQUAL "package")
  run(${CMAKE_COMMAND} --install ${cohort_build} --prefix ${scratch}/prefix)
  set(where -D CMAKE_PREFIX_PATH=${scratch}/prefix)
  file(GLOB_RECURSE installed RELATIVE ${scratch}/prefix ${scratch}/prefix/include/*)
  foreach(file IN LISTS installed)
    if(NOT file MATCHES "^include/cohort/[a-z_/]+\\.hpp$")
      message(FATAL_ERROR "installed, but no public header: ${file}")
    endif()
  endforeach()
else()
  set(where -D COHORT_SOURCE=${cohort_source})
endif()

run(${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${scratch}/build -D CMAKE_CXX_COMPILER=${compiler}
    -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher} -D CMAKE_EXE_LINKER_FLAGS=${linker} ${where})
run(${CMAKE_COMMAND} --build ${scratch}/build --target consumer)
execute_process(COMMAND ${scratch}/build/consumer WORKING_DIRECTORY ${scratch} OUTPUT_VARIABLE output TIMEOUT 60
                RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT output STREQUAL "2 + 3 = 5\n")
  message(FATAL_ERROR "consumer: ${result}, printed: ${output}")
endif()
