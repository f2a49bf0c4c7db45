#!/bin/sh
# A Hive Metastore 4.0.0 on PostgreSQL. Made by millrace metastore script; millrace metastore serve runs the same.
#
#   sh entrypoint.sh [serve]         waits for PostgreSQL, creates the schema if there is none, serves until SIGTERM
#   sh entrypoint.sh init            the same, and ends instead of serving
#   sh entrypoint.sh check           says which schema is there, and changes nothing
#   sh entrypoint.sh configure DIR   writes the files that serve would make into DIR, to look at
#   sh entrypoint.sh help            the parameters; all are taken from the environment
#
# Exit codes: 0 done, or stopped by a signal; 2 a parameter, file or program is wrong or missing; 5 PostgreSQL cannot be reached or
# does not let us in, its schema is of another version, or the metastore ended by itself.
umask 077
version='4.0.0'
schema='4.0.0'
java_least=17
binds=yes

older() {
  case $1 in
    0.* | 1.* | 2.* | 3.* | 4.0.0-*) return 0 ;;
    *) return 1 ;;
  esac
}

help() {
  cat <<'END'
A Hive Metastore 4.0.0 on PostgreSQL.

  entrypoint.sh [serve]         waits for PostgreSQL, creates the schema if there is none, serves until SIGTERM
  entrypoint.sh init            the same, and ends instead of serving
  entrypoint.sh check           says which schema is there, and changes nothing
  entrypoint.sh configure DIR   writes the files that serve would make into DIR, to look at

Parameters, from the environment:
  METASTORE_DATABASE_HOST
      where PostgreSQL answers; required
  METASTORE_DATABASE_PORT
      its port; default: 5432
  METASTORE_DATABASE_NAME
      the database, which must exist; default: metastore
  METASTORE_DATABASE_USER
      its user, who owns what is created there (or METASTORE_DATABASE_USER_FILE: a file with it); required
  METASTORE_DATABASE_PASSWORD
      the user's password (or METASTORE_DATABASE_PASSWORD_FILE: a file with it); required
  METASTORE_DATABASE_SSLMODE
      as PostgreSQL means it; default: prefer; with METASTORE_DATABASE_CA verify-full
  METASTORE_DATABASE_CA
      the authority of PostgreSQL's certificate, as PEM (or METASTORE_DATABASE_CA_FILE: a file with it); default: what Java trusts
  METASTORE_DATABASE_WAIT
      seconds to wait until PostgreSQL answers; default: 120
  METASTORE_SCHEMA
      whether a schema that is absent is created; default: create
  METASTORE_WAREHOUSE
      s3a://bucket/path, or a directory: where databases lie that name no place of their own; required
  METASTORE_BIND
      the address to listen on; default: 0.0.0.0
  METASTORE_PORT
      the port to listen on; default: 9083
  METASTORE_MEMORY
      the heap of the JVM, such as 512m or 2g; default: 512m
  METASTORE_JAVA_OPTIONS
      further options of the JVM, between spaces; default: none
  METASTORE_LOG_LEVEL
      what the metastore says, on the standard error; default: warn
  METASTORE_EXIT_DELAY
      seconds to stay after an error, so that one can look inside; default: 0
  METASTORE_ALLOW_ROOT
      whether root may run it; default: no
  METASTORE_S3_ENDPOINT
      the S3 store's URL; every s3a:// location goes there; default: that of AWS
  METASTORE_S3_REGION
      its region; default: us-east-1
  METASTORE_S3_PATH_STYLE
      whether buckets are in the path of its URLs; default: true with an endpoint
  METASTORE_S3_ACCESS_KEY
      the access key; without one the usual variables, profiles and roles of AWS are asked (or METASTORE_S3_ACCESS_KEY_FILE: a file with it); default: the SDK's own chain
  METASTORE_S3_SECRET_KEY
      the secret key (or METASTORE_S3_SECRET_KEY_FILE: a file with it); default: none
  METASTORE_S3_SESSION_TOKEN
      the token of keys that expire (or METASTORE_S3_SESSION_TOKEN_FILE: a file with it); default: none
  METASTORE_S3_CA
      the authority of the store's certificate, as PEM; trusted beside what Java trusts (or METASTORE_S3_CA_FILE: a file with it); default: what Java trusts
  METASTORE_SETTINGS
      further settings of metastore-site.xml, a line NAME=VALUE each; they come last and so win (or METASTORE_SETTINGS_FILE: a file with it); default: none
  METASTORE_HOME
      the directory with lib/, s3/ and schema/; default: where the script lies
END
}

mistakes=0
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

take_all() {
  take METASTORE_DATABASE_HOST plain required ''
  one_line METASTORE_DATABASE_HOST
  take METASTORE_DATABASE_PORT plain optional '5432'
  whole METASTORE_DATABASE_PORT 1 65535
  take METASTORE_DATABASE_NAME plain optional 'metastore'
  one_line METASTORE_DATABASE_NAME
  take METASTORE_DATABASE_USER file required ''
  one_line METASTORE_DATABASE_USER
  take METASTORE_DATABASE_PASSWORD file required ''
  one_line METASTORE_DATABASE_PASSWORD
  take METASTORE_DATABASE_SSLMODE plain optional ''
  choice METASTORE_DATABASE_SSLMODE disable allow prefer require verify-ca verify-full
  take METASTORE_DATABASE_CA file optional ''
  take METASTORE_DATABASE_WAIT plain optional '120'
  whole METASTORE_DATABASE_WAIT 0 86400
  take METASTORE_SCHEMA plain optional 'create'
  choice METASTORE_SCHEMA create check
  take METASTORE_WAREHOUSE plain required ''
  one_line METASTORE_WAREHOUSE
  take METASTORE_BIND plain optional '0.0.0.0'
  one_line METASTORE_BIND
  take METASTORE_PORT plain optional '9083'
  whole METASTORE_PORT 1 65535
  take METASTORE_MEMORY plain optional '512m'
  size METASTORE_MEMORY
  take METASTORE_JAVA_OPTIONS plain optional ''
  one_line METASTORE_JAVA_OPTIONS
  take METASTORE_LOG_LEVEL plain optional 'warn'
  choice METASTORE_LOG_LEVEL error warn info debug
  take METASTORE_EXIT_DELAY plain optional '0'
  whole METASTORE_EXIT_DELAY 0 86400
  take METASTORE_ALLOW_ROOT plain optional 'no'
  choice METASTORE_ALLOW_ROOT no yes
  take METASTORE_S3_ENDPOINT plain optional ''
  one_line METASTORE_S3_ENDPOINT
  take METASTORE_S3_REGION plain optional 'us-east-1'
  one_line METASTORE_S3_REGION
  take METASTORE_S3_PATH_STYLE plain optional ''
  choice METASTORE_S3_PATH_STYLE true false
  take METASTORE_S3_ACCESS_KEY file optional ''
  one_line METASTORE_S3_ACCESS_KEY
  take METASTORE_S3_SECRET_KEY file optional ''
  one_line METASTORE_S3_SECRET_KEY
  take METASTORE_S3_SESSION_TOKEN file optional ''
  one_line METASTORE_S3_SESSION_TOKEN
  take METASTORE_S3_CA file optional ''
  take METASTORE_SETTINGS file optional ''
  take METASTORE_HOME plain optional ''
  one_line METASTORE_HOME
}

find_java() {
  if [ -n "$JAVA_HOME" ]; then java=$JAVA_HOME/bin/java; else java=java; fi
  # Options for other programs of the machine would come first, and be printed.
  unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH
  if ! properties=$("$java" -XX:-UsePerfData -XshowSettings:properties -version 2>&1); then
    fail 2 "$java: there is no such program, or it does not run" "install Java $java_least, or let JAVA_HOME name it"
  fi
  java_home=$(sed -n 's/^ *java\.home = //p' <<END
$properties
END
)
  java_major=$(sed -n 's/^ *java\.specification\.version = //p' <<END
$properties
END
)
  case $java_major in
    '' | *[!0-9]*) java_major=8 ;;
  esac
  if [ "$java_major" -lt "$java_least" ]; then
    fail 2 "Java $java_major in $java_home: the metastore needs Java $java_least" "install it, and let JAVA_HOME name it"
  fi
}

# prepare [DIR]
prepare() {
  if [ "$action" = configure ]; then
    work=
    out=$(absolute "$1")
    if ! mkdir -p "$out" 2>/dev/null || ! [ -w "$out" ]; then fail 2 "$out: cannot be written" "name another directory"; fi
  else
    parent=$TMPDIR
    [ -n "$parent" ] || parent=/tmp
    parent=$(absolute "$parent")
    if ! work=$(mktemp -d "$parent/metastore-XXXXXXXX" 2>/dev/null); then
      work=
      fail 2 "$parent: cannot be written" "let TMPDIR name a directory that can"
    fi
    out=$work
    mkdir "$work/tmp"
  fi
  s3=no
  case $METASTORE_WAREHOUSE,$METASTORE_S3_ENDPOINT$METASTORE_S3_ACCESS_KEY,$METASTORE_SETTINGS in
    s3a:* | *,?*,* | *fs.s3a.*) s3=yes ;;
  esac
  classpath="$out:$METASTORE_HOME/lib/*"
  if [ "$s3" = yes ]; then
    if ! [ -d "$METASTORE_HOME/s3" ]; then
      fail 2 "$METASTORE_HOME/s3: is not there, and locations in buckets need its jars" "name the directory that millrace metastore install made"
    fi
    classpath="$classpath:$METASTORE_HOME/s3/*"
  fi
  trust=
  if [ -n "$METASTORE_S3_CA" ]; then make_trust_store; fi
  database_url
  write_site >"$out/metastore-site.xml"
  write_log_settings >"$out/metastore-log4j2.properties"
}

# What the JDK trusts, and the authorities of the parameter. Certificates are public: the password protects nothing.
make_trust_store() {
  keytool=$java_home/bin/keytool
  [ -x "$keytool" ] || fail 2 "$keytool: there is no such program, and METASTORE_S3_CA needs it" "install a whole Java runtime"
  trust=$out/trust-store
  if [ -s "$java_home/lib/security/cacerts" ]; then cat "$java_home/lib/security/cacerts" >"$trust"; fi
  awk -v prefix="$out/authority-" '
    /-----BEGIN CERTIFICATE-----/ { file = prefix many++ ".pem"; inside = 1 }
    inside { print > file }
    /-----END CERTIFICATE-----/ { inside = 0; close(file) }
  ' <<END
$METASTORE_S3_CA
END
  for pem in "$out"/authority-*.pem; do
    alias=millrace-$(basename "$pem" .pem)
    if ! said=$("$keytool" -J-XX:-UsePerfData -importcert -noprompt -alias "$alias" -file "$pem" -keystore "$trust" -storepass changeit 2>&1 </dev/null); then
      fail 2 "METASTORE_S3_CA: $(printf '%s' "$said" | sed -n '1s/^keytool error: //p')" "give it the authority's certificate as PEM"
    fi
  done
}

# For a URL: one byte after the other as %20, so that no character means anything to whoever reads it.
encoded() {
  case $1 in
    *[!A-Za-z0-9_./-]*) ;;
    *)
      printf '%s' "$1"
      return
      ;;
  esac
  od -An -v -tx1 <<END | tr -d ' \n' | sed -e 's/0a$//' -e 's/../%&/g'
$1
END
}

xml() {
  sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' <<END
$1
END
}

property() {
  cat <<END
  <property><name>$(xml "$1")</name><value>$(xml "$2")</value></property>
END
}

database_url() {
  url="jdbc:postgresql://$METASTORE_DATABASE_HOST:$METASTORE_DATABASE_PORT/$(encoded "$METASTORE_DATABASE_NAME")?sslmode=$METASTORE_DATABASE_SSLMODE"
  if [ -n "$METASTORE_DATABASE_CA" ]; then
    cat >"$out/database-ca.pem" <<END
$METASTORE_DATABASE_CA
END
    url="$url&sslrootcert=$(encoded "$out/database-ca.pem")"
  else
    # The driver would look for a file in its user's home.
    case $METASTORE_DATABASE_SSLMODE in
      verify-*) url="$url&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory" ;;
    esac
  fi
}

write_site() {
  printf '<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n'
  property javax.jdo.option.ConnectionURL "$url&ApplicationName=metastore&tcpKeepAlive=true"
  property javax.jdo.option.ConnectionDriverName org.postgresql.Driver
  property javax.jdo.option.ConnectionUserName "$METASTORE_DATABASE_USER"
  property javax.jdo.option.ConnectionPassword "$METASTORE_DATABASE_PASSWORD"
  property datanucleus.schema.autoCreateAll false
  property metastore.schema.verification true
  property metastore.thrift.bind.host "$METASTORE_BIND"
  property metastore.thrift.port "$METASTORE_PORT"
  property metastore.warehouse.dir "$METASTORE_WAREHOUSE"
  property metastore.task.threads.always org.apache.hadoop.hive.metastore.events.EventCleanerTask
  # The usual ones ask for classes of Hive itself.
  property metastore.expression.proxy org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy
  # Would need a jar that the release does not have.
  property metastore.async.log.enabled false
  # Its own default, which 3.1.3 misses and warns of with every connection.
  [ "$version" != 3.1.3 ] || property datanucleus.autoStartMechanismMode ignored
  property hadoop.tmp.dir "$out/tmp"
  if [ "$s3" = yes ]; then write_s3; fi
  write_further
  printf '</configuration>\n'
}

write_s3() {
  style=$METASTORE_S3_PATH_STYLE
  if [ -n "$METASTORE_S3_ENDPOINT" ]; then
    property fs.s3a.endpoint "$METASTORE_S3_ENDPOINT"
    case $METASTORE_S3_ENDPOINT in
      https:*) property fs.s3a.connection.ssl.enabled true ;;
      *) property fs.s3a.connection.ssl.enabled false ;;
    esac
    [ -n "$style" ] || style=true
  fi
  property fs.s3a.endpoint.region "$METASTORE_S3_REGION"
  [ -z "$style" ] || property fs.s3a.path.style.access "$style"
  if [ -z "$METASTORE_S3_ACCESS_KEY" ]; then
    property fs.s3a.aws.credentials.provider software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider
  else
    if [ -z "$METASTORE_S3_SESSION_TOKEN" ]; then
      property fs.s3a.aws.credentials.provider org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider
    else
      property fs.s3a.aws.credentials.provider org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider
      property fs.s3a.session.token "$METASTORE_S3_SESSION_TOKEN"
    fi
    property fs.s3a.access.key "$METASTORE_S3_ACCESS_KEY"
    property fs.s3a.secret.key "$METASTORE_S3_SECRET_KEY"
  fi
  # A client waits for the metastore, which waits for the store: rather an error than minutes.
  property fs.s3a.connection.establish.timeout 10000
  property fs.s3a.attempts.maximum 3
  property fs.s3a.retry.limit 3
}

# METASTORE_SETTINGS: what stands last in the file wins.
write_further() {
  while IFS= read -r further; do
    case $further in
      '' | '#'*) ;;
      *=*) property "$(cut -d= -f1 <<END
$further
END
)" "$(cut -d= -f2- <<END
$further
END
)" ;;
    esac
  done <<END
$METASTORE_SETTINGS
END
}

write_log_settings() {
  cat <<END
rootLogger.level = $METASTORE_LOG_LEVEL
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss'Z'}{UTC} %p %c{1}: %m%n%ex
END
  # What these warn of at every start means nothing to anybody.
  [ "$METASTORE_LOG_LEVEL" != warn ] || cat <<END
logger.datanucleus.name = DataNucleus
logger.datanucleus.level = error
logger.pool.name = com.zaxxer.hikari.HikariConfig
logger.pool.level = error
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.files.name = org.apache.hadoop.hive.metastore.utils.LogUtils
logger.files.level = error
END
  [ "$action" = configure ] || cat <<END
rootLogger.appenderRef.errors.ref = errors
appender.errors.type = RollingFile
appender.errors.name = errors
appender.errors.fileName = $work/errors.log
appender.errors.filePattern = $work/errors-%i.log
appender.errors.filter.level.type = ThresholdFilter
appender.errors.filter.level.level = error
appender.errors.layout.type = PatternLayout
appender.errors.layout.pattern = %m%n%ex
appender.errors.policies.type = Policies
appender.errors.policies.size.type = SizeBasedTriggeringPolicy
appender.errors.policies.size.size = 256KB
appender.errors.strategy.type = DefaultRolloverStrategy
appender.errors.strategy.max = 1
END
}

# Everything at once or nothing, and one at a time: a launch that is killed leaves no half of a schema, and of two launches one waits.
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

# hold PROGRAM ARGS…: runs it and waits for its end. A shell hears a signal only where it waits.
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

action=$1
[ -n "$action" ] || action=serve
case $action in
  serve | init | check | configure) ;;
  help | -h | --help)
    help
    exit 0
    ;;
  *)
    wrong "$action: expected serve, init, check, configure or help" "say entrypoint.sh help"
    exit 2
    ;;
esac
trap 'stop 143' TERM HUP
trap 'stop 130' INT
take_all
demand_all "$2"
find_java
prepare "$2"
if [ "$action" = configure ]; then
  leave 0
fi
await_schema
if [ "$action" != serve ]; then
  leave 0
fi
serve
