# Sourced: finds a JDK 25, wherever it lies (JAVA_HOME, then the usual folders).

is_jdk25() { [ -x "$1/bin/javac" ] && "$1/bin/javac" -version 2>&1 | grep -q '^javac 25'; }

jdk25() {
  local home
  for home in "${JAVA_HOME:-/nonexistent}" /usr/lib/jvm/* /opt/java/* "$HOME"/.sdkman/candidates/java/*; do
    if is_jdk25 "$home"; then echo "$home"; return; fi
  done
  die "JDK 25 is needed and was not found; install one (Temurin, say) or set JAVA_HOME to it"
}
