# SPDX-License-Identifier: MIT
# What `cmake --install` offers: the libraries, the public headers, and what find_package(cohort) reads. The private
# headers of the rooms stay at home.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(COHORT_COMPONENTS GLOBAL PROPERTY COHORT_ROOMS)
set(targets ${COHORT_COMPONENTS})
list(TRANSFORM targets PREPEND cohort_)
set_target_properties(cohort_asio PROPERTIES EXPORT_NAME asio)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/cohort)
install(TARGETS cohort cohort_asio ${targets} EXPORT cohort)
install(EXPORT cohort NAMESPACE cohort:: FILE cohortTargets.cmake DESTINATION ${package})
install(DIRECTORY include/cohort DESTINATION include FILES_MATCHING PATTERN *.hpp)

configure_package_config_file(cmake/cohortConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/cohortConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/cohortConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cohortConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/cohortConfigVersion.cmake
              cmake/cohort_add_jobs.cmake
        DESTINATION ${package})
