# Makes the package build with `colcon build --symlink-install`, too. Included before anything else of ament.

# With it, ament puts its own commands in the place of install(). Their script has the install prefix written into it while
# ament_cmake_core is found; here it gets the variable instead, so that the same script also installs into the stage.
set(segcap_prefix "${CMAKE_INSTALL_PREFIX}")
set(CMAKE_INSTALL_PREFIX "\${CMAKE_INSTALL_PREFIX}")
find_package(ament_cmake_core REQUIRED)
set(CMAKE_INSTALL_PREFIX "${segcap_prefix}")

if(AMENT_CMAKE_SYMLINK_INSTALL)
  file(STRINGS "${AMENT_CMAKE_SYMLINK_INSTALL_INSTALL_SCRIPT}" segcap_prefix_lines REGEX "\\\${CMAKE_INSTALL_PREFIX}/")
  if(NOT segcap_prefix_lines)
    message(FATAL_ERROR "expected ${AMENT_CMAKE_SYMLINK_INSTALL_INSTALL_SCRIPT} to install below CMAKE_INSTALL_PREFIX, "
      "found no such line: segcap cannot be built with --symlink-install and this version of ament_cmake")
  endif()

  # After a build without it, ament_cmake_python fails to put its link where it has copied the modules to.
  set(segcap_python_modules "${CMAKE_CURRENT_BINARY_DIR}/ament_cmake_python/${PROJECT_NAME}/${PROJECT_NAME}")
  if(IS_DIRECTORY "${segcap_python_modules}" AND NOT IS_SYMLINK "${segcap_python_modules}")
    file(REMOVE_RECURSE "${segcap_python_modules}")
  endif()
endif()
