# Sourced: the cluster's own CA, certificates and kubeconfigs, made once under $S/pki and $S/conf.
# RSA: not every client library takes elliptic keys out of a kubeconfig.

ca() {
  if [ -e "$S/pki/sa.pub" ]; then return 0; fi
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$S/pki/ca.key" -out "$S/pki/ca.crt" -days 3650 -subj /CN=planetary-local-ca 2>/dev/null
  openssl genrsa -out "$S/pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$S/pki/sa.key" -pubout -out "$S/pki/sa.pub" 2>/dev/null
}

# cert NAME SUBJECT [ALTERNATIVE NAMES]
cert() {
  if [ -e "$S/pki/$1.crt" ]; then return 0; fi
  openssl req -newkey rsa:2048 -nodes -keyout "$S/pki/$1.key" -out "$S/pki/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$S/pki/$1.csr" -CA "$S/pki/ca.crt" -CAkey "$S/pki/ca.key" -CAcreateserial -days 3650 -out "$S/pki/$1.new" \
    -extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s' "${3:-DNS:$1}") 2>/dev/null
  mv "$S/pki/$1.new" "$S/pki/$1.crt"
}

# An administrator's token, for tests: they open thousands of connections, and a signature for each took a sixth of their time.
admin_token() {
  if [ -e "$S/pki/tokens.csv" ]; then return 0; fi
  (umask 077 && openssl rand -hex 32 >"$S/pki/admin.token" && echo "$(cat "$S/pki/admin.token"),admin,admin,system:masters" >"$S/pki/tokens.csv")
}

# kubeconfig NAME SERVER FILE: for the holder of certificate NAME; everything inside, so that it can be copied.
kubeconfig() {
  kubeconfig_of "$1" "client-certificate-data: $(base64 -w0 "$S/pki/$1.crt"), client-key-data: $(base64 -w0 "$S/pki/$1.key")" "$2" "$3"
}

# kubeconfig_by_token TOKEN SERVER FILE
kubeconfig_by_token() { kubeconfig_of admin "token: $1" "$2" "$3"; }

# kubeconfig_of NAME CREDENTIALS SERVER FILE
kubeconfig_of() {
  (
    umask 077
    cat >"$4" <<X
apiVersion: v1
kind: Config
clusters: [{name: planetary, cluster: {server: "$3", certificate-authority-data: $(base64 -w0 "$S/pki/ca.crt")}}]
users: [{name: $1, user: {$2}}]
contexts: [{name: planetary, context: {cluster: planetary, user: $1}}]
current-context: planetary
X
  )
}
