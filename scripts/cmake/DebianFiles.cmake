# SPDX-License-Identifier: GPL-3.0-or-later
# Run by CPack on the files of the Debian package: what Debian wants in it and other installations have no use for.
set(source ${CMAKE_CURRENT_LIST_DIR}/../debian)
set(share ${CPACK_TEMPORARY_DIRECTORY}/usr/share)
file(COPY ${source}/copyright ${source}/changelog DESTINATION ${share}/doc/mish)
file(COPY ${source}/lintian-overrides DESTINATION ${share}/lintian/overrides)
file(RENAME ${share}/lintian/overrides/lintian-overrides ${share}/lintian/overrides/mish)
file(GLOB pages ${share}/man/man*/*.[1-9])
execute_process(COMMAND gzip -9n ${pages} ${share}/doc/mish/changelog COMMAND_ERROR_IS_FATAL ANY)
