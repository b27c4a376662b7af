# Sourced by setup.sh and check_newcomer.sh: numbered steps with visible progress, their times, and stamps so that a step
# whose inputs have not changed is skipped and an interrupted set-up goes on where it failed.

SEGCAP_STEP=0

say() { printf '      %s\n' "$*"; }
fail() {
    printf '\nsegcap: %s\n' "$*" >&2
    exit 1
}

# content_key FILE_OR_WORD...: one hash over the contents of the files and over the other words.
content_key() {
    local item
    for item in "$@"; do
        if [ -f "$item" ]; then sha256sum < "$item"; else printf '%s\n' "$item"; fi
    done | sha256sum | cut -c1-16
}

# step TITLE STAMP KEY COMMAND...: runs COMMAND unless the file STAMP holds KEY; writes STAMP when COMMAND succeeds.
# The output of a command that works is kept in STAMP.log; that of one that fails is shown.
step() {
    local title=$1 stamp=$2 key=$3 began=$SECONDS
    shift 3
    SEGCAP_STEP=$((SEGCAP_STEP + 1))
    if [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
        printf '[%d/%d] %s: up to date\n' "$SEGCAP_STEP" "$SEGCAP_STEPS" "$title"
        return
    fi
    printf '[%d/%d] %s ...\n' "$SEGCAP_STEP" "$SEGCAP_STEPS" "$title"
    rm -f "$stamp"
    mkdir -p "$(dirname "$stamp")"
    # Not `if "$@"`: bash ignores `set -e` inside a command whose result is tested.
    set +e
    (set -e; "$@") 2>&1 | tee "$stamp.log" | show_progress
    local result=${PIPESTATUS[0]}
    set -e
    if [ "$result" -ne 0 ]; then
        tail -n 40 "$stamp.log" >&2
        fail "'$title' failed; the whole output is in $stamp.log. Run the same command again to go on from here."
    fi
    printf '%s\n' "$key" > "$stamp"
    printf '[%d/%d] %s: done in %d s\n' "$SEGCAP_STEP" "$SEGCAP_STEPS" "$title" "$((SECONDS - began))"
}

# Passes on what a person wants to see of a long command: lines that a step marked with six spaces, pip's downloads and
# attempts, and ninja's counter (every 20th line of it).
show_progress() {
    awk '/^      / { print; fflush() }
         /Downloading .*(MB|GB)/ { sub(/^ +/, ""); print "      " $0; fflush() }
         /^WARNING: Retrying/ { sub(/ after connection broken.*/, ""); print "      pip: " substr($0, 10); fflush() }
         /^\[[0-9]+\/[0-9]+\]/ { if (++count % 20 == 0) { print "      " $1; fflush() } }'
}
