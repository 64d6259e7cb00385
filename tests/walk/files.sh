# shellcheck shell=bash
# README, "Generate files": out of a PostgreSQL into a tree that nginx hands out. Read by guest, after kea.sh, which
# put the policy to its place.

section='Generate files'
before=$(denials | wc -l)
# What the README says may appear in the policy.
policy() { # MORE-OF-THE-POLICY SED-EXPRESSION
  sed -e "s|^{|{ \"phone-settings\": { \"server\": \"pbx.example.com\" }, $1|" -e "$2" \
    examples/offhook.json >~/policy.json &&
    install -m 640 -g _kea ~/policy.json /etc/kea/offhook.json && offhook check /etc/kea/offhook.json
}

database() {
  runuser -u postgres -- createuser --superuser root && createdb pbx && psql -q -v ON_ERROR_STOP=1 -d pbx <<'SQL'
    CREATE TABLE phones (mac macaddr, model text, extension int, secret text, name text);
    INSERT INTO phones VALUES ('00:04:f2:01:02:03', 'VVX410', 1001, 'secret-1', 'Zoë, reception');
SQL
}
# What certbot would have got for the host of the policy's URL, by an authority of our own.
certificate() {
  local live=/etc/letsencrypt/live/provision.example.com
  install -d "$live" ~/ca &&
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=authority' \
      -keyout ~/ca/key -out ~/ca/pem &&
    openssl req -newkey rsa:2048 -nodes -subj /CN=provision.example.com \
      -keyout "$live/privkey.pem" -out ~/ca/request &&
    echo subjectAltName=DNS:provision.example.com >~/ca/names &&
    openssl x509 -req -in ~/ca/request -CA ~/ca/pem -CAkey ~/ca/key -CAcreateserial -days 2 \
      -extfile ~/ca/names -out "$live/fullchain.pem"
}
# Requests a file as a phone of a network.
fetch() { # NETWORK SERVER FILE
  ip netns exec phones curl -sS --interface "phone$1" --resolve "provision.example.com:443:$2" \
    --cacert ~/ca/pem -w '\nstatus %{http_code}\n' \
    "https://provision.example.com/phones/$3"
}

check 'the registrar in the policy' policy '' ''
check 'a PostgreSQL with phones' database
check 'a certificate' certificate
check 'README: from PostgreSQL into files, and nginx' as_written "$section" sh 1
check 'README: the site in nginx' as_written "$section" sh 2
check 'there is no other command' all_walked "$section" sh 2
check 'the unit is active' systemctl is-active nginx
check 'a phone of branch-7 gets its file' eventually says 'Zo' 'status 200' -- fetch 7 10.7.0.1 0004f2010203.cfg
check 'a phone of no site gets nothing' says 'status 403' -- fetch 1 192.168.1.1 0004f2010203.cfg
# As docs/emulate.md has it: the whole way of a phone, with Kea's answer and nginx's files.
sed -i 's/"interfaces": \[ \]/"interfaces": [ "lan1", "lan7" ]/' /etc/kea/kea-dhcp4.conf
systemctl restart kea-dhcp4-server
echo '10.7.0.1 provision.example.com' >>/etc/hosts
boot() {
  ip netns exec phones offhook emulate --vendor polycom --mac 00:04:f2:01:02:03 --interface phone7 \
    --ca ~/ca/pem
}
check 'a Polycom boots from Kea and nginx, up to its account' \
  eventually says 'passed       GET https' 'passed       configuration' 'pbx.example.com' -- boot
guarded() { [ "$(stat -c '%a %G' "$1")" = "$2 www-data" ]; }
check 'the folder is for www-data, and for no other user' guarded /srv/phones 750
check 'the file too' guarded /srv/phones/0004f2010203.cfg 640
check 'the log has the phone' says 0004f2010203 -- cat /var/log/nginx/offhook.log

# docs/files.md, "Key files": Kea mints a token for each phone, nginx checks it.
tokens() {
  openssl rand -hex 32 >~/key && install -m 640 -g _kea ~/key /etc/kea/offhook.key &&
    policy '"file-access": { "token": { "key-file": "/etc/kea/offhook.key" } },' \
      's|/phones/"|/phones/{{mac}}/{{token}}/"|' &&
    rm -r /srv/phones && block "$section" sh 1 >~/generate &&
    sed 's|--root /srv/phones|& --secrets /etc/nginx/offhook.secrets|' ~/generate | bash -euxo pipefail &&
    nginx -t && systemctl reload nginx && systemctl restart kea-dhcp4-server
}
check 'a policy with tokens' tokens
check 'a Polycom boots from Kea and nginx, by its token' \
  eventually says 'passed       GET https' 'passed       configuration' 'pbx.example.com' -- boot
check 'without the token it gets nothing' says 'status 403' -- fetch 7 10.7.0.1 0004f2010203/0004f2010203.cfg
chmod 644 /etc/kea/offhook.key
check 'a key that others may read is refused' says '"result": 1' offhook.key chmod -- ask phone-policy-reload
check 'AppArmor forbade nothing of all this' no_new_denials "$before"
# What the machine is to start with the next time: with Kea, put right.
chmod 640 /etc/kea/offhook.key
systemctl disable dnsmasq
