# SPDX-License-Identifier: MIT
# cohort_add_jobs(TARGET sources…)
#
# A library of job bodies for workers. COHORT_REGISTER defines static objects that nothing else refers to, and a linker
# drops such an object file from a static archive without a word; so this makes an OBJECT library, and whoever links
# TARGET links every object of it.
function(cohort_add_jobs target)
  add_library(${target}_objects OBJECT ${ARGN})
  target_link_libraries(${target}_objects PUBLIC cohort::job)
  add_library(${target} INTERFACE)
  target_sources(${target} INTERFACE $<TARGET_OBJECTS:${target}_objects>)
  target_link_libraries(${target} INTERFACE ${target}_objects)
endfunction()
