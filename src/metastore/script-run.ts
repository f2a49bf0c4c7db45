/** The part of the script that runs the metastore, hears signals, and leaves nothing behind. */
export const running = String.raw`# hold PROGRAM ARGS…: runs it and waits for its end. A shell hears a signal only where it waits.
hold() {
  "$@" 9>&- &
  child=$!
  await_child
  child=
  return "$ended"
}

# A signal ends the waiting, not the program: only when the program is gone its status is its own.
await_child() {
  while :; do
    wait "$child"
    ended=$?
    kill -0 "$child" 2>/dev/null || return 0
  done
}

# shellcheck disable=SC2317
stop() {
  stopping=$1
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi
}

check_stopped() {
  [ -n "$stopping" ] || return 0
  say "stopped"
  if [ "$action" = serve ]; then leave 0; fi
  leave "$stopping"
}

clear_up() {
  if [ -n "$work" ]; then rm -rf "$work"; fi
}

# What will be refused, or may be too much, later and to somebody else.
tell_rights() {
  if [ "$(id -u)" = 0 ]; then
    say "serves as root: whoever reaches it makes and removes directories of this machine as root"
    return
  fi
  case $METASTORE_WAREHOUSE in
    s3a:*) return ;;
  esac
  place=$(printf '%s\n' "$METASTORE_WAREHOUSE" | sed -e 's,^file:,,' -e 's,^//*,/,')
  while ! [ -e "$place" ]; do
    place=$(dirname "$place")
  done
  if ! [ -d "$place" ] || ! [ -w "$place" ]; then
    say "METASTORE_WAREHOUSE: user $(id -u) cannot write in $place, so what names no place of its own will be refused"
  fi
}

serve() {
  set -f
  # Unquoted: options between spaces.
  # shellcheck disable=SC2086
  set -- $METASTORE_JAVA_OPTIONS
  set +f
  if [ -n "$trust" ]; then set -- "-Djavax.net.ssl.trustStore=$trust" "$@"; fi
  # A JVM's counters would else be a file in /tmp, whatever its directory for temporary files is.
  set -- -XX:-UsePerfData "-Xmx$METASTORE_MEMORY" -XX:+ExitOnOutOfMemoryError "-Djava.io.tmpdir=$work/tmp" \
    "-Dlog4j2.configurationFile=$work/metastore-log4j2.properties" \
    --add-opens=java.base/java.net=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED \
    "$@" -cp "$classpath" org.apache.hadoop.hive.metastore.HiveMetaStore -p "$METASTORE_PORT"
  tell_rights
  say "starts metastore $version on $METASTORE_BIND:$METASTORE_PORT"
  cd "$work" || leave 5
  "$java" "$@" &
  child=$!
  watch_over
  await_child
  child=
  # The watcher must not look for a number that may be another's by now.
  echo over >&9
  exec 9>&-
  check_stopped
  if grep -q 'Cannot assign requested address\|UnknownHostException' "$work/errors.log" 2>/dev/null; then
    fail 5 "$METASTORE_BIND: is no address of this machine" "change METASTORE_BIND"
  fi
  if grep -q 'Could not create ServerSocket\|Address already in use' "$work/errors.log" 2>/dev/null; then
    fail 5 "port $METASTORE_PORT of $METASTORE_BIND is taken" "take another one (METASTORE_PORT), or stop what listens there"
  fi
  fail 5 "metastore $version ended by itself, with status $ended" "see what it said above; METASTORE_LOG_LEVEL=info says more"
}

# Ends the metastore when this script is gone, even if it was killed: the system closes the pipe whatever happens.
watch_over() {
  mkfifo "$work/alive"
  (
    trap '' INT TERM HUP
    read -r word <"$work/alive"
    if [ "$word" != over ]; then
      for _ in 1 2 3 4 5; do
        kill -TERM "$child" 2>/dev/null || break
        sleep 1
      done
      kill -KILL "$child" 2>/dev/null
      rm -rf "$work"
    fi
  ) >/dev/null 2>&1 &
  exec 9>"$work/alive"
}
`;
