# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the run scripts share. Sourced by bash, with the working directory at the project's root.

started=$SECONDS
say_to=1  # 2 where standard output belongs to the program that is run
say() { printf '[%3d:%02d] %s\n' $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)) "$*" >&$say_to; }
die() { say "$*" >&2; exit 1; }

# logged FILE COMMAND…: keeps the output in FILE and shows where it failed, or else its end, when the command fails.
logged() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 && return
    say "failed: $*" >&2
    { grep -A 8 '^FAILED: ' "$log" | grep -v '^\[' | head -n 120 || tail -n 60 "$log"; } | cut -c1-300 >&2
    return 1
}

# The packages of the named sections of packages.txt.
packages() {
    local section
    for section in "$@"; do
        sed -n "/^\[$section\]/,/^\[/{ /^\[/d; s/ *#.*//; /^$/d; p }" tests/support/packages.txt
    done
}

# install_packages SECTION…: what is missing, if anything.
install_packages() {
    local missing=() package as_root=()
    for package in $(packages "$@"); do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            say "not root, going on without: apt-get install ${missing[*]}"
            return
        fi
        as_root=(sudo -n)
    fi
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    logged build/logs/apt.log "${as_root[@]}" apt-get update -q || return
    # Tests start servers of their own; the services that come with the packages stay down.
    local policy=/usr/sbin/policy-rc.d ours=no status=0
    if [ ! -e $policy ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null && "${as_root[@]}" chmod 755 $policy
    fi
    logged build/logs/apt.log "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" || status=$?
    [ $ours = no ] || "${as_root[@]}" rm -f $policy
    [ $status -eq 0 ] || return $status
    say "installed"
}
