/** The part of the script that finds Java and writes what the metastore reads, into a directory that only its user can enter. */
export const configuring = String.raw`find_java() {
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
`;
