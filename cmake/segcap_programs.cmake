# Builds the Rust programs with cargo against the staged interfaces and the prefixes that CMake was given, and installs
# them into lib/segcap, where `ros2 run` looks, with what they need beside them.

find_program(CARGO_EXECUTABLE cargo REQUIRED HINTS "$ENV{HOME}/.cargo/bin")

set(SEGCAP_CARGO_TARGET_DIR "${CMAKE_CURRENT_BINARY_DIR}/cargo" CACHE PATH "Cargo's target folder")
set(segcap_programs segcap_node segcap)

execute_process(
  COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cargo_for_cmake.sh" --check
  RESULT_VARIABLE segcap_rust_result ERROR_VARIABLE segcap_rust_error)
if(NOT segcap_rust_result EQUAL 0)
  message(FATAL_ERROR "${segcap_rust_error}")
endif()

# cargo itself knows what is out of date, so it is asked on every build; it answers within a second or two.
add_custom_target(segcap_cargo ALL
  COMMAND "${CMAKE_COMMAND}" -E env
    "SEGCAP_STAGE=${segcap_stage}" "CARGO_TARGET_DIR=${SEGCAP_CARGO_TARGET_DIR}" "CARGO=${CARGO_EXECUTABLE}"
    bash "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cargo_for_cmake.sh" build --release --locked --bins
  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
  COMMENT "cargo build --release" VERBATIM USES_TERMINAL)
add_dependencies(segcap_cargo segcap_stage)

# With a component, ament's symlink installer leaves a file to CMake, which copies it: a program finds its libraries and its
# model beside its real path, and a bundle's files must lie in the bundle's folder. The rest is linked to the sources.
foreach(program IN LISTS segcap_programs)
  install(PROGRAMS "${SEGCAP_CARGO_TARGET_DIR}/release/${program}" DESTINATION lib/${PROJECT_NAME} COMPONENT runtime)
endforeach()
install(DIRECTORY models DESTINATION share/${PROJECT_NAME} COMPONENT runtime)

set(segcap_component COMPONENT runtime)
if(AMENT_CMAKE_SYMLINK_INSTALL)
  set(segcap_component)
endif()
foreach(folder config examples launch rviz)
  install(DIRECTORY ${folder} DESTINATION share/${PROJECT_NAME} ${segcap_component}
    PATTERN "__pycache__" EXCLUDE PATTERN "*.pyc" EXCLUDE)
endforeach()

# ONNX Runtime is no ROS package. The library that set-up has found goes beside the programs, so that they start anywhere.
file(GLOB segcap_onnxruntime_candidates
  "${CMAKE_CURRENT_SOURCE_DIR}/.venv/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*"
  "${CMAKE_CURRENT_SOURCE_DIR}/.venv/onnxruntime/onnxruntime/capi/libonnxruntime.so.*")
if(DEFINED ENV{ORT_DYLIB_PATH})
  set(segcap_onnxruntime_default "$ENV{ORT_DYLIB_PATH}")
elseif(segcap_onnxruntime_candidates)
  list(GET segcap_onnxruntime_candidates 0 segcap_onnxruntime_default)
else()
  set(segcap_onnxruntime_default "")
endif()
set(SEGCAP_ONNXRUNTIME "${segcap_onnxruntime_default}" CACHE FILEPATH
  "libonnxruntime.so, 1.31 or newer, to be installed beside the programs; empty: found at run time")
if(SEGCAP_ONNXRUNTIME)
  # Without the execute bit: `ros2 pkg executables` lists every file of lib/segcap that has it.
  install(FILES "${SEGCAP_ONNXRUNTIME}" DESTINATION lib/${PROJECT_NAME} COMPONENT runtime RENAME libonnxruntime.so)
  # CUDA and TensorRT are libraries of their own, which it looks for beside itself.
  get_filename_component(segcap_onnxruntime_folder "${SEGCAP_ONNXRUNTIME}" DIRECTORY)
  file(GLOB segcap_onnxruntime_providers "${segcap_onnxruntime_folder}/libonnxruntime_providers_*.so")
  install(FILES ${segcap_onnxruntime_providers} DESTINATION lib/${PROJECT_NAME} COMPONENT runtime)
else()
  message(WARNING "no ONNX Runtime to install beside segcap_node, which will look for one when it starts: "
    "run `make setup` in ${CMAKE_CURRENT_SOURCE_DIR}, or give -DSEGCAP_ONNXRUNTIME=/path/to/libonnxruntime.so")
endif()
