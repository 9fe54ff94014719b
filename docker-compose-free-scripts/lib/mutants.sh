# Shared by `mutate`: the mutants, and the packages in which they are built. Expects $root, $scratch
# and $log, and of the mutant at hand $target and $test.

# The stanzas of all mutants, each as one line of fields that a unit separator divides.
mutants() {
    awk -v RS= -v FS='\n' '
        /^mutant: / {
            split("", field)
            for (i = 1; i <= NF; i++) {
                colon = index($i, ":")
                field[substr($i, 1, colon - 1)] = substr($i, colon + 2)
            }
            printf "%s\037%s\037%s\037%s\037%s\037%s\n", field["mutant"], field["breaks"],
                field["file"], field["test"], field["old"], field["new"]
        }' "$root"/Tests/Mutants/*.txt
}

# The manifest of a package with the rooms of $room and the tests of $target alone. Of the shell that
# is the disk, so that nothing from elsewhere is built.
manifest() {
    disk=$(cd "$root/Tests/ShellTests" && ls Disk*.swift | sed 's/.*/"&"/' | paste -s -d ,)
    sed -n -e '/^let nio/q' -e p "$root/Package.swift" |
        sed -e 's/exclude: name == "Shell".*,/sources: name == "Shell" ? ["Disk", "ShellError.swift"] : nil,/' \
            -e 's/exclude: \["API".*,/sources: name == "Shell" ? ['"$disk"'] : nil,/'
    sed -n '/^let cores/,/^]/p' "$root/Package.swift"
    echo 'let package = Package(name: "podmesh", targets: ['
    echo '    .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),'
    grep -E "^ *(room\(\"($room)\"|tests\(\"${target%Tests}\")" "$root/Package.swift" |
        sed -e 's/\(room("Shell",\).*/\1 uses: ["Base", "Raft", "Store"]),/' \
            -e 's/\(tests("Shell",\).*/\1 uses: ["Base", "Raft", "Shell"]),/'
    echo '], swiftLanguageModes: [.v6])'
}

# A package of its own for each target of tests, so that a mutant is built in seconds.
prepare() {
    copy=$scratch/$target
    [ ! -e "$copy.ready" ] || return 0
    cores='Base|JSON|Objects|Gossip|Raft|Store|API|Control|Kubelet|Services'
    case $target in
    SimulatorTests) room="$cores|Daemon|Simulator" ;;
    DaemonTests) room="$cores|Daemon" ;;
    ServicesTests) room='Base|Gossip|Services' ;;
    ShellTests) room='Base|Raft|Store|Shell' ;;
    *) room="Base|${target%Tests}" ;;
    esac
    mkdir -p "$copy"
    rm -rf "$copy/Sources" "$copy/Tests"
    cp -R -p "$root/Sources" "$root/Tests" "$copy"
    manifest >"$copy/Package.swift"
    (cd "$copy" && swift build --build-tests) >"$log" 2>&1 && (cd "$copy" && passes) ||
        fail "$copy does not build, or fails its tests unchanged: $log"
    touch "$copy.ready"
}
