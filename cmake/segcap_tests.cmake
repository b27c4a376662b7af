# What `colcon test` runs: the Rust tests, and a real ROS 2 client against the installed node.

set(segcap_test_env "CARGO=${CARGO_EXECUTABLE}" "CARGO_TARGET_DIR=${SEGCAP_CARGO_TARGET_DIR}"
  "SEGCAP_STAGE=${segcap_stage}" "SEGCAP_NODE=${CMAKE_INSTALL_PREFIX}/lib/${PROJECT_NAME}/segcap_node")
if(SEGCAP_ONNXRUNTIME)
  list(APPEND segcap_test_env "ORT_DYLIB_PATH=${SEGCAP_ONNXRUNTIME}")
endif()

ament_add_test(rust GENERATE_RESULT_FOR_RETURN_CODE_ZERO TIMEOUT 3600 ENV ${segcap_test_env}
  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
  COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cargo_for_cmake.sh" test --release --locked)

find_package(ament_cmake_pytest QUIET)
if(ament_cmake_pytest_FOUND)
  # The client's messages come from the stage: the package's own install prefix is not sourced while it is tested.
  ament_add_pytest_test(integration tests/integration TIMEOUT 1800 ENV ${segcap_test_env}
    APPEND_ENV "AMENT_PREFIX_PATH=${segcap_stage}" "PYTHONPATH=${segcap_stage}/${PYTHON_INSTALL_DIR}"
      "LD_LIBRARY_PATH=${segcap_stage}/lib")
else()
  message(STATUS "ament_cmake_pytest is not installed: `colcon test` leaves out tests/integration")
endif()
