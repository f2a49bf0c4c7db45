/**
 * The part of the script that waits for PostgreSQL, reads the version of its schema, and creates one. The release brings an SQL shell
 * for JDBC (sqlline), so a Java is all that it takes; its answers are told apart by PostgreSQL's own codes, never by texts that
 * a server may say in another language.
 */
export const storing = String.raw`# Everything at once or nothing, and one at a time: a launch that is killed leaves no half of a schema, and of two launches one waits.
write_statements() {
  # What stands in the URL goes before the two lines that the shell would else ask for.
  cat >"$work/database.properties" <<END
url=$url&connectTimeout=5&loginTimeout=10&user=$(encoded "$METASTORE_DATABASE_USER")&password=$(encoded "$METASTORE_DATABASE_PASSWORD")
driver=org.postgresql.Driver
user=x
password=x
END
  cat >"$work/version.sql" <<END
!properties $work/database.properties
select "SCHEMA_VERSION" from "VERSION";
END
  cat >"$work/create-head.sql" <<END
!properties $work/database.properties
begin;
select pg_advisory_xact_lock(5564926518316241);
END
  printf '\ncommit;\n' >"$work/create-end.sql"
  cat "$work/create-head.sql" "$METASTORE_HOME/schema/hive-schema-$schema.postgres.sql" "$work/create-end.sql" >"$work/create.sql"
}

# sql FILE: sets state to PostgreSQL's code of what went wrong, or to nothing
sql() {
  set -- -cp "$METASTORE_HOME/lib/*" sqlline.SqlLine \
    --silent=true --fastConnect=true --showHeader=false --outputformat=csv -f "$1"
  if [ -n "$trust" ]; then set -- "-Djavax.net.ssl.trustStore=$trust" "$@"; fi
  # The driver's own words depend on the user's language.
  hold "$java" -XX:-UsePerfData -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Duser.home=$work" -Duser.language=en \
    "$@" >"$work/sql.out" 2>&1
  status=$?
  check_stopped
  state=$(sed -n 's/.*(state=\([0-9A-Z]*\),code=.*/\1/p' "$work/sql.out" | sed -n 1p)
  if [ "$status" != 0 ] && [ -z "$state" ]; then state=unknown; fi
  if [ "$status" = 0 ]; then state=; fi
}

# The first sentence of what went wrong. A URL would hold the password.
reason() {
  sed -n 's/^Error: //p' "$work/sql.out" | grep -v jdbc: | sed -e 's/ *(state=.*//' -e 1q | cut -c1-300
}

await_schema() {
  write_statements
  where="$METASTORE_DATABASE_HOST:$METASTORE_DATABASE_PORT"
  name=$METASTORE_DATABASE_NAME
  until_s=$(($(date +%s) + METASTORE_DATABASE_WAIT))
  told=
  tries=0
  while :; do
    sql "$work/version.sql"
    case $state in
      '') break ;;
      42P01)
        demand_creation
        sql "$work/create.sql"
        case $state in
          '') say "created the schema $schema in the database $name" ;;
          42P07)
            # Another launch was faster, or there are tables without a version.
            tries=$((tries + 1))
            if [ "$tries" -gt 1 ]; then
              fail 5 "the database $name has tables and no version: half a schema, or somebody else's" "take an empty database (METASTORE_DATABASE_NAME)"
            fi
            ;;
          *) fail_database ;;
        esac
        ;;
      08004 | 08P01) fail_database ;;
      08* | 57P0[123] | 53300)
        if is_tls; then fail_database; fi
        if [ "$(date +%s)" -ge "$until_s" ]; then fail_database; fi
        [ -n "$told" ] || say "waits for PostgreSQL at $where"
        told=yes
        hold sleep 1
        check_stopped
        ;;
      *) fail_database ;;
    esac
  done
  found=$(sed -n "s/^'\([0-9][^']*\)'\$/\1/p" "$work/sql.out" | sed -n 1p)
  if [ "$found" = "$schema" ]; then
    say "the database $name at $where has schema $found, as metastore $version needs it"
  elif [ -z "$found" ]; then
    fail 5 "the database $name has the tables of a metastore and no version of them" "take an empty database (METASTORE_DATABASE_NAME), or a dump that is whole"
  elif older "$found"; then
    fail 5 "the database $name has schema $found, and metastore $version needs $schema" "dump the database and upgrade it with Hive's own schematool (-dbType postgres -upgradeSchemaFrom $found), or take an empty one (METASTORE_DATABASE_NAME)"
  else
    fail 5 "the database $name has schema $found, which is newer than metastore $version" "take a metastore that fits it, or an empty database (METASTORE_DATABASE_NAME)"
  fi
}

# Whether a connection failed for its certificates: waiting does not help. PostgreSQL has one code for all that fails on the way.
is_tls() {
  grep -q 'SSL error\|SSL root certificate\|SSLHandshake\|SSLException\|PKIX\|hostnameverifier' "$work/sql.out"
}

demand_creation() {
  if [ "$action" = check ] || [ "$METASTORE_SCHEMA" = check ]; then
    fail 5 "the database $name at $where has no schema" "create it: millrace metastore init (entrypoint.sh init), or METASTORE_SCHEMA=create"
  fi
}

fail_database() {
  case $state in
    28*) fail 5 "PostgreSQL at $where does not let user $METASTORE_DATABASE_USER in: $(reason)" "check METASTORE_DATABASE_USER, its password, METASTORE_DATABASE_SSLMODE, and what pg_hba.conf of the server says" ;;
    3D000) fail 5 "PostgreSQL at $where has no database $name" "create it: create database \"$name\" owner \"$METASTORE_DATABASE_USER\"" ;;
    42501) fail 5 "user $METASTORE_DATABASE_USER may not do that in the database $name: $(reason)" "make the user its owner: alter database \"$name\" owner to \"$METASTORE_DATABASE_USER\"" ;;
    08004 | 08P01 | unknown) fail 5 "PostgreSQL at $where: $(reason)" "check METASTORE_DATABASE_HOST, _PORT and _SSLMODE, and that a PostgreSQL answers there" ;;
    08*)
      if grep -q hostnameverifier "$work/sql.out"; then
        fail 5 "PostgreSQL at $where: its certificate is not for $METASTORE_DATABASE_HOST" "let METASTORE_DATABASE_HOST be a name that it has; METASTORE_DATABASE_SSLMODE=verify-ca compares no names"
      elif is_tls; then
        fail 5 "PostgreSQL at $where: $(reason)" "check METASTORE_DATABASE_SSLMODE, and that METASTORE_DATABASE_CA is the authority of its certificate"
      elif grep -q UnknownHostException "$work/sql.out"; then
        fail 5 "PostgreSQL: there is no host $METASTORE_DATABASE_HOST; gave up after $METASTORE_DATABASE_WAIT s" "check METASTORE_DATABASE_HOST; METASTORE_DATABASE_WAIT says how long to wait"
      else
        fail 5 "PostgreSQL does not answer at $where; gave up after $METASTORE_DATABASE_WAIT s" "check METASTORE_DATABASE_HOST and _PORT, and that it runs; METASTORE_DATABASE_WAIT says how long to wait"
      fi
      ;;
    *) fail 5 "PostgreSQL at $where: $(reason)" "its code is $state" ;;
  esac
}
`;
