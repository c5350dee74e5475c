# SPDX-License-Identifier: GPL-3.0-or-later
# Installation (GNUInstallDirs) and the Debian package.
install(TARGETS mish RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES shell/mish.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
foreach(page builtins/ipc/mish-ipc.7)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
  endif()
endforeach()
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ipc/mish_ipc.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} OPTIONAL)
if(TARGET mish_ipc_archive)
  install(TARGETS mish_ipc_archive ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/ipc/mish-ipc.pc.in)
  configure_file(ipc/mish-ipc.pc.in ${CMAKE_BINARY_DIR}/mish-ipc.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/mish-ipc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

# `cmake --build build/release --target uninstall` removes what install(1) listed.
add_custom_target(uninstall
  COMMAND sh -c "xargs -d '\\n' rm -f < install_manifest.txt"
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} VERBATIM)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mish)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
string(REGEX REPLACE "^A " "" CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})  # Debian wants no article
set(CPACK_PACKAGE_DESCRIPTION "mish runs POSIX.1-2024 and bash scripts, and has builtins that create,
use, inspect and clean up shared memory, message queues, mailboxes,
semaphores, sockets, ports and remote procedure calls.")
set(CPACK_PACKAGE_CONTACT "mish maintainers <maintainers@users.noreply.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_PACKAGE_SECTION shells)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/scripts/debian/postinst ${CMAKE_SOURCE_DIR}/scripts/debian/prerm)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/scripts/cmake/DebianFiles.cmake)
set(CPACK_STRIP_FILES ON)
include(CPack)
