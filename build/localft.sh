#!/bin/sh
# Starts localft on Linux and macOS without any Python: double-click it, or run it with the words of the localft command.
# What is missing is fetched once: a pinned uv, which brings Python, with which build/bootstrap.py does the rest.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=0.13.0
mirror=${LOCALFT_UV_MIRROR:-https://github.com/astral-sh/uv/releases/download/$version}

# SHA-256 of the archives of this release. For a newer one, take the sums that the release publishes beside its archives
# (uv-TARGET.tar.gz.sha256), and change localft.ps1 with it.
choose_archive() {
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64)
            target=x86_64-unknown-linux-gnu
            sum=1468ebd5a5541121837c5a2817b9972ba6090fa6caa3d142620850a47fb75154 ;;
        Linux-aarch64 | Linux-arm64)
            target=aarch64-unknown-linux-gnu
            sum=3ccfb6af6e242433eb552f7d9676abd5412c6595c497e990d9c8cb7b5bd4d2c3 ;;
        Darwin-arm64)
            target=aarch64-apple-darwin
            sum=a9c1b29002cf3c83f07fa9cd8a887a3be0107d90e23189721221e7257db8e3d6 ;;
        *) give_up "localft does not run on $(uname -s) $(uname -m): PyTorch is not made for it." ;;
    esac
}

say() { printf 'localft: %s\n' "$1" >&2; }

give_up() {
    say "$1"
    wait_for_reader
    exit 1
}

# After a double click the window closes with the program, and with it the reason why it ended.
wait_for_reader() {
    if [ "$words" = 0 ] && [ -t 0 ] && [ -t 2 ]; then
        printf 'Press Enter to close this window. ' >&2
        read -r _ || true
    fi
}

cache_folder() {
    if [ -n "${LOCALFT_HOME:-}" ]; then
        printf '%s/cache' "$LOCALFT_HOME"
    elif [ "$(uname -s)" = Darwin ]; then
        printf '%s/Library/Caches/localft' "$HOME"
    else
        printf '%s/localft' "${XDG_CACHE_HOME:-$HOME/.cache}"
    fi
}

fetch() { # address, file
    if command -v curl >/dev/null 2>&1; then
        curl --fail --location --silent --show-error --retry 2 --output "$2" "$1"
    elif command -v wget >/dev/null 2>&1; then
        wget --quiet --output-document="$2" "$1"
    else
        give_up "Neither curl nor wget is installed; install one of them and start again."
    fi
}

sum_of() { # file
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum "$1" | cut -d ' ' -f 1
    else
        shasum -a 256 "$1" | cut -d ' ' -f 1
    fi
}

# Unpacked beside its final place and moved there last, so that what is there is whole and was checked.
install_uv() { # folder
    choose_archive
    say "fetching uv $version, which brings Python"
    mkdir -p "$(dirname "$1")"
    work=$(mktemp -d "$1.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    fetch "$mirror/uv-$target.tar.gz" "$work/uv.tar.gz" ||
        give_up "uv could not be fetched from $mirror. Check the internet connection and start again."
    if [ "$(sum_of "$work/uv.tar.gz")" != "$sum" ]; then
        give_up "What came from $mirror is not the uv that localft was made with; it was not opened. Try again later."
    fi
    tar -xzf "$work/uv.tar.gz" -C "$work"
    rm -rf "$1"
    mv "$work/uv-$target" "$1"
    rm -rf "$work"
    trap - EXIT INT TERM
}

words=$#
python=$root/.venv/bin/python
if ! "$python" -c pass 2>/dev/null; then
    uv_folder=$(cache_folder)/uv-$version
    [ -x "$uv_folder/uv" ] || install_uv "$uv_folder"
    PATH=$uv_folder:$PATH
    export PATH
    fitting='>=3.11,<3.15'
    python=$(uv python find --system --no-project --no-python-downloads "$fitting" 2>/dev/null) || {
        say "fetching Python 3.12"
        uv python install --no-bin 3.12 || give_up "Python could not be fetched. Check the internet connection and start again."
        python=$(uv python find --system --no-project "$fitting")
    }
fi

status=0
"$python" "$root/build/bootstrap.py" "$@" || status=$?
[ "$status" = 0 ] || wait_for_reader
exit "$status"
