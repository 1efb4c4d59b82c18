#!/bin/sh
# macOS opens files of this name in a terminal when they are double-clicked.
exec "$(dirname -- "$0")/localft.sh" "$@"
