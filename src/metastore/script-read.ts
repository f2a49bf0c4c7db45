/** The part of the script that reads parameters and speaks: every mistake is told, each with what to do about it. */
export const reading = String.raw`mistakes=0
work=
child=
stopping=

say() {
  printf 'metastore: %s\n' "$1" >&2
}

# wrong MESSAGE FIX
wrong() {
  mistakes=1
  printf 'metastore: error: %s\nmetastore: fix: %s\n' "$1" "$2" >&2
}

# fail CODE MESSAGE FIX: the end, after a while if somebody wants to look inside
fail() {
  wrong "$2" "$3"
  leave "$1"
}

leave() {
  if [ "$1" != 0 ] && [ "$action" = serve ] && [ -z "$stopping" ] && [ "$METASTORE_EXIT_DELAY" -gt 0 ] 2>/dev/null; then
    say "stays for $METASTORE_EXIT_DELAY s so that you can look inside; its files are in $work"
    hold sleep "$METASTORE_EXIT_DELAY"
  fi
  clear_up
  exit "$1"
}

# take NAME plain|file required|optional FALLBACK
# The value becomes a variable that the programs started from here do not see.
take() {
  eval "value=\$$1"
  file=
  [ "$2" = plain ] || eval "file=\$$1""_FILE"
  unset "$1" "$1""_FILE"
  if [ -n "$file" ] && [ -n "$value" ]; then
    wrong "$1 and $1""_FILE: both are set" "set one of them"
  elif [ -n "$file" ]; then
    if ! value=$(cat "$file" 2>/dev/null); then
      wrong "$1""_FILE: $file cannot be read by user $(id -u)" "check the path, and who may read it"
      value=unreadable
    elif [ -z "$value" ]; then
      wrong "$1""_FILE: $file is empty" "put the value there"
      value=unreadable
    fi
  elif [ -z "$value" ] && [ "$3" = required ]; then
    if [ "$2" = file ]; then wrong "$1: is not set" "set it, or $1""_FILE to a file with it"
    else wrong "$1: is not set" "set it; entrypoint.sh help explains it"; fi
    value=absent
  fi
  [ -n "$value" ] || value=$4
  eval "$1=\$value"
}

# Each looks at what was taken last.
one_line() {
  case $value in
    *[[:cntrl:]]*) wrong "$1: has a control character or more than one line" "write it on one line" ;;
    *'$''{'*) wrong "$1: has a dollar sign before a brace, which Hadoop's settings cannot hold" "take another value" ;;
  esac
}

whole() {
  case $value in
    *[!0-9]* | ??????????*) wrong "$1: expected a whole number from $2 to $3, got $value" "change it" ;;
    *)
      if [ "$value" -lt "$2" ] || [ "$value" -gt "$3" ]; then
        wrong "$1: expected a whole number from $2 to $3, got $value" "change it"
      fi
      ;;
  esac
}

choice() {
  name=$1
  shift
  [ -n "$value" ] || return
  for each in "$@"; do
    [ "$value" != "$each" ] || return
  done
  wrong "$name: expected one of $*, got $value" "change it"
}

size() {
  grep -Eq '^[1-9][0-9]{0,5}[mMgG]$' <<END || wrong "$1: expected a size such as 512m or 2g, got $value" "change it"
$value
END
}

# absolute PATH: the same, for programs that are started elsewhere
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$(pwd)" "$1" ;;
  esac
}

# The first that this user cannot read: files of an image belong to another one.
closed_file() {
  for each in "$METASTORE_HOME" "$METASTORE_HOME"/lib "$METASTORE_HOME"/s3 "$METASTORE_HOME"/schema; do
    if [ -d "$each" ] && ! { [ -r "$each" ] && [ -x "$each" ]; }; then
      printf '%s\n' "$each"
      return
    fi
  done
  for each in "$METASTORE_HOME"/lib/* "$METASTORE_HOME"/s3/* "$METASTORE_HOME"/schema/*; do
    if [ -f "$each" ] && ! [ -r "$each" ]; then
      printf '%s\n' "$each"
      return
    fi
  done
}

# What no parameter can say alone.
demand_all() {
  case $METASTORE_DATABASE_HOST in
    *[!A-Za-z0-9._:\]\[-]*) wrong "METASTORE_DATABASE_HOST: is no name or address of a host" "write the port into METASTORE_DATABASE_PORT" ;;
  esac
  case $METASTORE_WAREHOUSE in
    s3a://?* | /* | file:/* | absent) ;;
    s3:* | s3n:*) wrong "METASTORE_WAREHOUSE: Hadoop reaches buckets as s3a:" "write s3a://bucket/path" ;;
    *) wrong "METASTORE_WAREHOUSE: expected s3a://bucket/path or a directory, got $METASTORE_WAREHOUSE" "change it" ;;
  esac
  case $METASTORE_S3_ENDPOINT in
    '' | http://?* | https://?*) ;;
    *) wrong "METASTORE_S3_ENDPOINT: expected a URL that begins with https:// or http://" "change it" ;;
  esac
  if [ -n "$METASTORE_S3_ACCESS_KEY" ] && [ -z "$METASTORE_S3_SECRET_KEY" ]; then
    wrong "METASTORE_S3_SECRET_KEY: is not set, and METASTORE_S3_ACCESS_KEY is" "set both, or none"
  elif [ -z "$METASTORE_S3_ACCESS_KEY" ] && [ -n "$METASTORE_S3_SECRET_KEY$METASTORE_S3_SESSION_TOKEN" ]; then
    wrong "METASTORE_S3_ACCESS_KEY: is not set, and the secret key or token is" "set both, or none"
  fi
  for name in METASTORE_DATABASE_CA METASTORE_S3_CA; do
    eval "value=\$$name"
    case $value in
      '' | unreadable | *'-----BEGIN CERTIFICATE-----'*'-----END CERTIFICATE-----'*) ;;
      *) wrong "$name: holds no certificate in PEM form" "give it the authority's certificate, from -----BEGIN CERTIFICATE----- on" ;;
    esac
  done
  case $METASTORE_DATABASE_SSLMODE,$METASTORE_DATABASE_CA in
    ,) METASTORE_DATABASE_SSLMODE=prefer ;;
    ,*) METASTORE_DATABASE_SSLMODE=verify-full ;;
    verify-* | *,) ;;
    *) wrong "METASTORE_DATABASE_CA: nothing is compared with it where METASTORE_DATABASE_SSLMODE is $METASTORE_DATABASE_SSLMODE" "say verify-full, or set only one of them" ;;
  esac
  if [ "$binds" = no ] && [ "$METASTORE_BIND" != 0.0.0.0 ]; then
    wrong "METASTORE_BIND: $version listens on every address, whatever it is told" "take 4.0.0, or say METASTORE_BIND=0.0.0.0 behind a firewall"
  fi
  if [ "$action" = configure ] && [ -z "$1" ]; then
    wrong "configure: expected a directory" "say entrypoint.sh configure DIR"
  fi
  # Whoever reaches its port makes and removes directories with its rights.
  if [ "$action" = serve ] && [ "$(id -u)" = 0 ] && [ "$METASTORE_ALLOW_ROOT" != yes ]; then
    wrong "refuses to serve as root" "run it as another user (runAsUser, --user), or say METASTORE_ALLOW_ROOT=yes"
  elif [ "$action" != configure ] && ! id -un >/dev/null 2>&1; then
    wrong "user $(id -u) has no name, and without one every table is refused" "add the user to /etc/passwd, or run it as one who is there"
  fi
  if [ -z "$METASTORE_HOME" ]; then
    METASTORE_HOME=$(dirname "$0")
  fi
  METASTORE_HOME=$(absolute "$METASTORE_HOME")
  closed=$(closed_file)
  if [ -n "$closed" ]; then
    wrong "METASTORE_HOME: $closed cannot be read by user $(id -u)" "let everybody read it: chmod -R a+rX $METASTORE_HOME"
  elif ! [ -f "$METASTORE_HOME/schema/hive-schema-$schema.postgres.sql" ] || ! [ -d "$METASTORE_HOME/lib" ]; then
    wrong "METASTORE_HOME: there is no metastore $version in $METASTORE_HOME" "name the directory that millrace metastore install made"
  fi
  [ "$mistakes" = 0 ] || leave 2
}
`;
