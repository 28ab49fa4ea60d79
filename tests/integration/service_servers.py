"""Real servers for service detection: how each starts on 127.0.0.1, in a separate network namespace, and the result that
a scan has to give. Versions come from the installed packages, never from a scan."""

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from servers import find, make_certificate

ADDRESS = "127.0.0.1"
START_SECONDS = 60
SETTLE_SECONDS = 6
CONTROL = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin:/usr/games"


@dataclasses.dataclass
class Service:
    """One server. `files` and `command` may hold {folder}, {certificate}, {key}."""

    name: str
    port: int
    package: str
    expect: str  # the service's name
    command: list
    product: str = ""
    versioned: bool = False  # the version is that of the package
    files: dict = dataclasses.field(default_factory=dict)
    user: str = ""
    before: list = dataclasses.field(default_factory=list)  # commands that run to their end first
    environment: dict = dataclasses.field(default_factory=dict)
    confidence: str = ""
    tls: bool = False
    starttls: bool = False  # begins TLS inside its protocol, and shows its certificate then


def version_of(package):
    """The upstream part of an installed package's version: 1:9.2p1-2+deb12u3 is 9.2p1."""
    whole = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], check=True, capture_output=True, text=True).stdout
    return re.sub(r"[-+~](really|dfsg|ds|deb|repack|git)?[.0-9]*.*$", "", whole.split(":")[-1].rsplit("-", 1)[0])


XINETD = """defaults
{{
 instances = 60
 bind = 127.0.0.1
}}
service telnet
{{
 type = UNLISTED
 port = 23
 socket_type = stream
 protocol = tcp
 user = root
 wait = no
 server = /usr/sbin/telnetd
}}
service pserver
{{
 type = UNLISTED
 port = 2401
 socket_type = stream
 protocol = tcp
 user = root
 wait = no
 server = /usr/bin/cvs
 server_args = -f --allow-root={folder}/cvs pserver
}}
"""

NGINX = """daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{ }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
scgi_temp_path {folder}/s; server {{ listen 127.0.0.1:80; listen 127.0.0.1:443 ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
location / {{ return 200 ok; }} }} }}
"""

POSTGRES = "/usr/lib/postgresql/15/bin"

SERVICES = [
    Service("openssh", 22, "openssh-server", "ssh", ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", "22", "-o", "ListenAddress=127.0.0.1",
            "-o", "HostKey={folder}/k", "-o", "PidFile={folder}/pid", "-o", "UsePAM=no"], "OpenSSH", True,
            before=[["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "{folder}/k"], ["mkdir", "-p", "/run/sshd"]]),
    Service("dropbear", 2222, "dropbear-bin", "ssh", ["dropbear", "-F", "-E", "-p", "127.0.0.1:2222", "-r", "{folder}/k"], "dropbear", True,
            before=[["dropbearkey", "-t", "ed25519", "-f", "{folder}/k"]]),
    Service("proftpd", 21, "proftpd-core", "ftp", ["proftpd", "-n", "-c", "{folder}/c"], "ProFTPD", False, files={
        "c": 'ServerName "p"\nServerType standalone\nPort 21\nUser nobody\nGroup nogroup\nDefaultAddress 127.0.0.1\n'
             "ModulePath /usr/lib/proftpd\nPidFile {folder}/pid\nScoreboardFile none\nDelayTable none\n"}),
    Service("xinetd-telnet", 23, "inetutils-telnetd", "telnet", ["xinetd", "-dontfork", "-f", "{folder}/c"], files={"c": XINETD},
            before=[["cvs", "-d", "{folder}/cvs", "init"]]),
    Service("cvs", 2401, "cvs", "cvs", []),
    Service("dovecot-imap", 143, "dovecot-imapd", "imap", ["dovecot", "-F", "-c", "{folder}/c"], "Dovecot", files={
        "c": "base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/dovecot.log\nprotocols = imap pop3 sieve\nlisten = 127.0.0.1\n"
             "ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}\npassdb {{\n driver = static\n args = password=x\n}}\n"
             "userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={folder}\n}}\n"}),
    Service("dovecot-pop3", 110, "dovecot-pop3d", "pop3", [], "Dovecot"),
    Service("dovecot-sieve", 4190, "dovecot-managesieved", "managesieve", [], "Dovecot"),
    Service("dovecot-imaps", 993, "dovecot-imapd", "imap", [], "Dovecot", tls=True),
    Service("git-daemon", 9418, "git", "git", ["git", "daemon", "--export-all", "--base-path={folder}", "--listen=127.0.0.1"]),
    Service("rsync", 873, "rsync", "rsync", ["rsync", "--daemon", "--no-detach", "--config={folder}/c", "--address=127.0.0.1"],
            files={"c": "use chroot=no\n[m]\npath={folder}\n"}),
    Service("svnserve", 3690, "subversion", "svn", ["svnserve", "-d", "--foreground", "-r", "{folder}", "--listen-host", "127.0.0.1"]),
    Service("bind", 53, "bind9", "dns", ["named", "-f", "-c", "{folder}/c"], "BIND", True, files={
        "c": 'options {{ directory "{folder}"; pid-file none; session-keyfile none; listen-on {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; '
             "recursion no; }};\ncontrols {{ }};\n"}),
    Service("unbound", 5353, "unbound", "dns", ["unbound", "-d", "-c", "{folder}/c"], "Unbound", True, files={
        "c": 'server:\n interface: 127.0.0.1@5353\n do-daemonize: no\n chroot: ""\n username: ""\n use-syslog: no\n pidfile: ""\n'}),
    Service("xrdp", 3389, "xrdp", "rdp", ["xrdp", "--nodaemon"]),
    Service("smbd", 445, "samba", "smb", ["smbd", "--foreground", "--no-process-group", "-s", "{folder}/c"], files={
        "c": "[global]\ninterfaces = lo\nbind interfaces only = yes\nlock directory = {folder}\nstate directory = {folder}\n"
             "cache directory = {folder}\npid directory = {folder}\nprivate dir = {folder}\nncalrpc dir = {folder}/n\nlog file = {folder}/smb.log\n"}),
    Service("slapd", 389, "slapd", "ldap", ["slapd", "-d", "0", "-h", "ldap://127.0.0.1:389/", "-f", "{folder}/c"], "OpenLDAP", files={
        "c": 'include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {folder}/pid\nTLSCertificateFile {certificate}\n'
             'TLSCertificateKeyFile {key}\ndatabase mdb\nsuffix "dc=t"\ndirectory {folder}\n'}, starttls=True),
    Service("krb5kdc", 88, "krb5-kdc", "kerberos", ["krb5kdc", "-n"], files={
        "krb5.conf": "[libdefaults]\n default_realm = SONDE.TEST\n[realms]\n SONDE.TEST = {{ kdc = 127.0.0.1 }}\n",
        "kdc.conf": "[kdcdefaults]\n kdc_tcp_listen = 127.0.0.1:88\n kdc_listen = 127.0.0.1:88\n[realms]\n SONDE.TEST = {{\n"
                    "  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n }}\n"},
            environment={"KRB5_CONFIG": "{folder}/krb5.conf", "KRB5_KDC_PROFILE": "{folder}/kdc.conf"},
            before=[["kdb5_util", "create", "-s", "-P", "x", "-r", "SONDE.TEST"]]),
    Service("mariadb", 3306, "mariadb-server", "mysql", ["mariadbd", "--no-defaults", "--user=mysql", "--bind-address=127.0.0.1",
            "--datadir={folder}/d", "--socket={folder}/s", "--pid-file={folder}/pid", "--ssl-cert={certificate}", "--ssl-key={key}"],
            "MariaDB", True, starttls=True,
            before=[["mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir={folder}/d", "--skip-test-db", "--auth-root-authentication-method=normal"]]),
    Service("postgresql", 5432, "postgresql-15", "postgresql", [f"{POSTGRES}/postgres", "-D", "{folder}/d", "-h", "127.0.0.1", "-k", "{folder}",
            "-c", "ssl=on", "-c", "ssl_cert_file={folder}/certificate", "-c", "ssl_key_file={folder}/key"], "PostgreSQL", starttls=True,
            user="postgres", before=[["install", "-m", "600", "-o", "postgres", "{certificate}", "{folder}/certificate"],
                                     ["install", "-m", "600", "-o", "postgres", "{key}", "{folder}/key"],
                                     ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", f"{POSTGRES}/initdb", "-D", "{folder}/d"]]),
    Service("pgbouncer", 6432, "pgbouncer", "postgresql", ["pgbouncer", "-u", "postgres", "{folder}/c"], files={
        "c": "[databases]\n* = host=127.0.0.1\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=6432\nauth_type=md5\nauth_file={folder}/u\nunix_socket_dir=\n",
        "u": '"a" "b"\n'}),
    Service("firebird", 3050, "firebird3.0-server", "firebird", ["firebird"], user="firebird", confidence="likely",
            before=[["install", "-d", "-o", "firebird", "/run/firebird3.0"]]),
    Service("redis", 6379, "redis-server", "redis", ["redis-server", "--bind", "127.0.0.1", "--port", "6379", "--save", "", "--dir", "{folder}"], "Redis", True),
    Service("redis-password", 6380, "redis-server", "redis", ["redis-server", "--bind", "127.0.0.1", "--port", "6380", "--requirepass", "x", "--save", "",
            "--dir", "{folder}"]),
    Service("memcached", 11211, "memcached", "memcached", ["memcached", "-u", "nobody", "-l", "127.0.0.1"], "Memcached", True),
    Service("rabbitmq", 5672, "rabbitmq-server", "amqp", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], "RabbitMQ", True, environment={
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": "r@localhost", "RABBITMQ_LOG_BASE": "{folder}/l", "RABBITMQ_MNESIA_BASE": "{folder}/m",
        "RABBITMQ_CONFIG_FILE": "{folder}/r", "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_PID_FILE": "{folder}/pid", "HOME": "{folder}"}, files={
        "r.conf": "listeners.ssl.1 = 127.0.0.1:5671\nssl_options.certfile = {certificate}\nssl_options.keyfile = {key}\n"}),
    Service("epmd", 4369, "erlang-base", "epmd", []),
    Service("mosquitto", 1883, "mosquitto", "mqtt", ["mosquitto", "-c", "{folder}/c"], files={"c": "listener 1883 127.0.0.1\nallow_anonymous true\n"}),
    Service("nats", 4222, "nats-server", "nats", ["nats-server", "-a", "127.0.0.1", "-p", "4222"], "NATS", True),
    Service("zookeeper", 2181, "zookeeper", "zookeeper", ["java", "-Xmx96m", "-cp",
            "/usr/share/java/zookeeper.jar:/etc/zookeeper/conf:/usr/share/java/*", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "{folder}/c"],
            "ZooKeeper", True, files={"c": "tickTime=2000\ndataDir={folder}/z\nclientPort=2181\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n"}),
    Service("etcd", 2379, "etcd-server", "etcd", ["etcd", "--data-dir", "{folder}/e", "--listen-client-urls", "http://127.0.0.1:2379",
            "--advertise-client-urls", "http://127.0.0.1:2379", "--listen-peer-urls", "http://127.0.0.1:2380"], "etcd", True),
    Service("tigervnc", 5901, "tigervnc-standalone-server", "vnc", ["Xtigervnc", ":1", "-SecurityTypes", "None", "-rfbport", "5901", "-interface", "127.0.0.1"]),
    Service("xvfb", 6000, "xvfb", "x11", ["Xvfb", ":0", "-listen", "tcp", "-ac"], "X.Org", False),
    Service("kamailio", 5060, "kamailio", "sip", ["kamailio", "-DD", "-E", "-f", "{folder}/c", "-Y", "{folder}"], "Kamailio", True, files={
        "c": 'listen=tcp:127.0.0.1:5060\nmpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"\nloadmodule "sl.so"\nrequest_route {{ sl_send_reply("200","OK"); }}\n'}),
    Service("prosody", 5222, "prosody", "xmpp", ["prosody", "-F", "--config", "{folder}/c.lua"], user="prosody", files={
        "c.lua": 'pidfile = "{folder}/pid"\ndata_path = "{folder}"\nlog = {{ info = "*console" }}\ninterfaces = {{ "127.0.0.1" }}\n'
                 'modules_enabled = {{ "tls", "saslauth", "dialback", "disco" }}\nVirtualHost "sonde.test"\n'}),
    Service("ngircd", 6667, "ngircd", "irc", ["ngircd", "-n", "-f", "{folder}/c"], files={
        "c": "[Global]\nName=irc.sonde.test\nInfo=p\nListen=127.0.0.1\nServerUID=nobody\nServerGID=nogroup\n[Options]\nPAM=no\nIdent=no\nDNS=no\n"}),
    Service("danted", 1080, "dante-server", "socks5", ["danted", "-f", "{folder}/c", "-p", "{folder}/pid"], files={
        "c": "logoutput: stderr\ninternal: 127.0.0.1 port = 1080\nexternal: lo\nsocksmethod: none\nclient pass {{ from: 0/0 to: 0/0 }}\nsocks pass {{ from: 0/0 to: 0/0 }}\n"}, confidence="likely"),
    Service("microsocks", 1081, "microsocks", "socks5", ["microsocks", "-i", "127.0.0.1", "-p", "1081"], confidence="likely"),
    Service("squid", 3128, "squid", "http", ["squid", "-N", "-f", "{folder}/c"], "Squid", True, files={
        "c": "http_port 127.0.0.1:3128\npid_filename none\ncache_log stdio:/dev/stderr\naccess_log none\nacl all src all\nhttp_access deny all\n"}),
    Service("tinyproxy", 8888, "tinyproxy-bin", "http", ["tinyproxy", "-d", "-c", "{folder}/c"], "tinyproxy", True,
            files={"c": "User nobody\nPort 8888\nListen 127.0.0.1\n"}),
    Service("tor", 9050, "tor", "socks5", ["tor", "-f", "{folder}/c", "--SocksPort", "127.0.0.1:9050", "--DataDirectory", "{folder}/t"],
            files={"c": ""}, confidence="likely"),
    Service("rmiregistry", 1099, "default-jre-headless", "rmi", ["rmiregistry", "-J-Xmx32m", "1099"]),
    Service("rpcbind", 111, "rpcbind", "rpcbind", ["rpcbind", "-f"]),
    Service("cups", 631, "cups-daemon", "http", ["cupsd", "-f", "-c", "{folder}/c"], "CUPS", False, files={"c": "Listen 127.0.0.1:631\nLogLevel warn\n"}),
    Service("openvpn", 1194, "openvpn", "openvpn", ["openvpn", "--dev", "tap", "--proto", "tcp-server", "--port", "1194", "--mode", "server", "--tls-server",
            "--dh", "none", "--ca", "{certificate}", "--cert", "{certificate}", "--key", "{key}", "--local", "127.0.0.1"]),
    Service("pptpd", 1723, "pptpd", "pptp", ["pptpd", "-f", "-l", "127.0.0.1", "-p", "{folder}/pid"]),
    Service("zabbix-agent", 10050, "zabbix-agent", "zabbix", ["zabbix_agentd", "-f", "-c", "{folder}/c"], "Zabbix", True, files={
        "c": "Server=127.0.0.1\nListenIP=127.0.0.1\nHostname=p\nLogType=console\nAllowRoot=1\n"}),
    Service("munin", 4949, "munin-node", "munin", ["munin-node", "--foreground", "--config", "{folder}/c"], "Munin", True, files={
        "c": "host 127.0.0.1\nport 4949\nallow ^127\\.0\\.0\\.1$\npid_file {folder}/pid\nlog_file {folder}/munin.log\nuser root\ngroup root\n"}),
    Service("spamd", 783, "spamd", "spamd", ["spamd", "-i", "127.0.0.1", "-L"]),
    Service("icecast", 8000, "icecast2", "http", ["icecast2", "-c", "/etc/icecast2/icecast.xml"], "Icecast", True, user="icecast2"),
    Service("mpd", 6600, "mpd", "mpd", ["mpd", "--no-daemon", "--stderr", "{folder}/c"], files={
        "c": 'bind_to_address "127.0.0.1"\nport "6600"\ndb_file "{folder}/db"\nmusic_directory "{folder}"\naudio_output {{\ntype "null"\nname "n"\n}}\n'}),
    Service("gearmand", 4730, "gearman-job-server", "gearman", ["gearmand", "-L", "127.0.0.1", "-u", "root", "-l", "stderr"], "Gearman", True),
    Service("beanstalkd", 11300, "beanstalkd", "beanstalkd", ["beanstalkd", "-l", "127.0.0.1"], "beanstalkd", True),
    Service("dictd", 2628, "dictd", "dict", ["dictd", "-d", "nodetach", "--listen-to", "127.0.0.1"], "dictd", True),
    # By default it bans an address after ten connections in two minutes.
    Service("mumble", 64738, "mumble-server", "mumble", ["murmurd", "-fg", "-ini", "{folder}/c"], "Murmur", True, tls=True, files={
        "c": "host=127.0.0.1\ndatabase={folder}/m.sqlite\nautobanAttempts=0\n"}),
    Service("gobgpd", 179, "gobgpd", "bgp", ["gobgpd", "-f", "{folder}/c"], files={
        "c": '[global.config]\nas=65001\nrouter-id="1.1.1.1"\nlocal-address-list=["127.0.0.1"]\n[[neighbors]]\n[neighbors.config]\n'
             'neighbor-address="127.0.0.1"\npeer-as=65001\n[neighbors.transport.config]\npassive-mode=true\n'}),
    # In the foreground it serves one client.
    Service("nbd", 10809, "nbd-server", "nbd", ["sh", "-c", "while :; do nbd-server -d -C {folder}/c; sleep 0.1; done"], files={
        "c": "[generic]\nlistenaddr=127.0.0.1\n[x]\nexportname={folder}/c\nreadonly=true\n"}),
    Service("nghttpd", 8081, "nghttp2-server", "http", ["nghttpd", "--no-tls", "-a", "127.0.0.1", "8081"]),
    Service("nginx", 80, "nginx-light", "http", ["nginx", "-c", "{folder}/c", "-p", "{folder}"], "nginx", True, files={"c": NGINX}),
    Service("nginx-tls", 443, "nginx-light", "http", [], "nginx", True, tls=True),
    Service("apache", 8082, "apache2-bin", "http", ["apache2", "-DFOREGROUND", "-f", "{folder}/c"], "Apache", True, files={
        "c": 'ServerRoot "{folder}"\nServerName t\nListen 127.0.0.1:8082\nPidFile {folder}/pid\nErrorLog {folder}/e\n'
             "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
             "User www-data\n"}),
    Service("lighttpd", 8083, "lighttpd", "http", ["lighttpd", "-D", "-f", "{folder}/c"], "lighttpd", True,
            files={"c": 'server.port=8083\nserver.bind="127.0.0.1"\nserver.document-root="{folder}"\n'}),
    Service("influxdb", 8086, "influxdb", "influxdb", ["influxd", "-config", "{folder}/c"], "InfluxDB", True, files={
        "c": '[meta]\ndir="{folder}/m"\n[data]\ndir="{folder}/d"\nwal-dir="{folder}/w"\n[http]\nbind-address="127.0.0.1:8086"\n'}),
    Service("php-fpm", 9000, "php8.2-fpm", "fastcgi", ["php-fpm8.2", "-F", "-y", "{folder}/c"], files={
        "c": "[global]\npid={folder}/pid\nerror_log={folder}/e\n[www]\nuser=www-data\nlisten=127.0.0.1:9000\npm=static\npm.max_children=1\n"}),
    Service("gpsd", 2947, "gpsd", "gpsd", ["gpsd", "-N", "-n", "-F", "{folder}/control"], "gpsd", True),
    Service("apcupsd", 3551, "apcupsd", "apcupsd", ["/sbin/apcupsd", "-b", "-f", "{folder}/c"], files={
        "c": "## apcupsd.conf v1.1 ##\nUPSCABLE simple\nUPSTYPE dumb\nDEVICE /dev/null\nNETSERVER on\nNISIP 127.0.0.1\nNISPORT 3551\n"
             "LOCKFILE {folder}\nSTATFILE {folder}/s\nEVENTSFILE {folder}/e\nPWRFAILDIR {folder}\nNOLOGINDIR {folder}\n"}),
    Service("tarantool", 3301, "tarantool", "tarantool", ["tarantool", "{folder}/c.lua"], "Tarantool", True, files={
        "c.lua": 'box.cfg{{listen="127.0.0.1:3301",memtx_dir="{folder}",wal_mode="none",vinyl_dir="{folder}"}}\n'}),
    Service("postfix", 25, "postfix", "smtp", ["postfix", "-c", "{folder}/etc", "start-fg"], "Postfix", before=[
        ["sh", "-c", "mkdir etc queue data && chown postfix data && mv main.cf master.cf etc && postfix -c {folder}/etc check"]], files={
        "main.cf": "compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\ncommand_directory = /usr/sbin\n"
                   "daemon_directory = /usr/lib/postfix/sbin\nshlib_directory = /usr/lib/postfix\nmail_owner = postfix\nsetgid_group = postdrop\n"
                   "myhostname = mail.sonde.test\nmydestination =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nalias_maps =\n"
                   "smtpd_banner = $myhostname ESMTP $mail_name\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = {certificate}\n"
                   "smtpd_tls_key_file = {key}\nmaillog_file = {folder}/mail.log\nmaillog_file_prefixes = {folder}\n",
        "master.cf": "127.0.0.1:25 inet n - n - - smtpd\n127.0.0.1:465 inet n - n - - smtpd\n -o smtpd_tls_wrappermode=yes\n"
                     "pickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\n"
                     "rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\nproxymap unix - - n - - proxymap\nanvil unix - - n - 1 anvil\n"
                     "postlog unix-dgram n - n - 1 postlogd\n"}),
    Service("postfix-smtps", 465, "postfix", "smtp", [], "Postfix", tls=True),
    Service("tomcat", 8090, "tomcat10", "http", ["/usr/share/tomcat10/bin/catalina.sh", "run"], "Tomcat", True, files={"server.xml":
        '<Server port="-1"><Service name="Catalina"><Connector port="8090" address="127.0.0.1"/><Connector protocol="AJP/1.3" address="127.0.0.1" port="8009" '
        'secretRequired="false"/><Engine name="Catalina" defaultHost="localhost"><Host name="localhost"/></Engine></Service></Server>\n'},
            before=[["sh", "-c", "mkdir -p conf logs temp webapps work && cp /etc/tomcat10/web.xml conf && mv server.xml conf"]],
            environment={"CATALINA_HOME": "/usr/share/tomcat10", "CATALINA_BASE": "{folder}", "CATALINA_OPTS": "-Xmx96m"}),
    Service("tomcat-ajp", 8009, "tomcat10", "ajp", []),
    Service("dnsmasq", 5354, "dnsmasq-base", "dns", ["dnsmasq", "-k", "-p", "5354", "--listen-address=127.0.0.1", "--bind-interfaces", "-C", "/dev/null",
            "--pid-file", "--user=root"], "dnsmasq", True),
    Service("knot", 5355, "knot", "dns", ["knotd", "-c", "{folder}/c"], "Knot DNS", True, files={
        "c": "server:\n  rundir: {folder}\n  listen: 127.0.0.1@5355\ndatabase:\n  storage: {folder}\n"}),
    Service("nsd", 5356, "nsd", "dns", ["nsd", "-d", "-c", "{folder}/c"], "NSD", files={
        "c": 'server:\n ip-address: 127.0.0.1\n port: 5356\n username: ""\n zonesdir: "{folder}"\n database: ""\n pidfile: "{folder}/pid"\n'
             ' xfrdfile: "{folder}/x"\n zonelistfile: "{folder}/z"\n xfrdir: "{folder}"\nremote-control:\n control-enable: no\n'}, versioned=True),
    Service("pdns", 5357, "pdns-server", "dns", ["pdns_server", "--config-dir={folder}", "--daemon=no", "--guardian=no", "--local-address=127.0.0.1",
            "--local-port=5357", "--launch=bind", "--socket-dir={folder}", "--disable-syslog"], "PowerDNS Authoritative Server", True),
    Service("privoxy", 8118, "privoxy", "http", ["privoxy", "--no-daemon", "{folder}/c"], files={
        "c": "listen-address 127.0.0.1:8118\nconfdir /etc/privoxy\nlogdir {folder}\n"}),
    Service("haproxy", 8091, "haproxy", "http", ["haproxy", "-db", "-f", "{folder}/c"], files={
        "c": "defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nfrontend f\n bind 127.0.0.1:8091\n stats enable\n stats uri /\n"}),
    Service("varnish", 6081, "varnish", "http", ["varnishd", "-F", "-n", "{folder}/v", "-a", "127.0.0.1:6081", "-b", "127.0.0.1:80", "-s", "malloc,16m",
            "-T", "none"]),
    Service("node-exporter", 9400, "prometheus-node-exporter", "http", ["prometheus-node-exporter", "--web.listen-address=127.0.0.1:9400"]),
    Service("inspircd", 6668, "inspircd", "irc", ["inspircd", "--nofork", "--runasroot", "--config", "{folder}/c"], files={
        "c": '<server name="irc.sonde.test" description="p" network="t">\n<admin name="a" nick="a" email="a@sonde.test">\n<bind address="127.0.0.1" port="6668" '
             'type="clients">\n<pid file="{folder}/pid">\n<log method="stdout" type="*" level="default">\n<connect allow="*">\n'}),
    Service("python-http", 8084, "python3-minimal", "http", ["python3", "-m", "http.server", "--bind", "127.0.0.1", "8084"], "Python http.server", False),
    Service("gunicorn", 8085, "gunicorn", "http", ["gunicorn", "-b", "127.0.0.1:8085", "--pythonpath", "{folder}", "p:a"], "gunicorn", False, files={
        "p.py": "def a(_, start):\n    start('200 OK', [('Content-Type', 'text/plain')])\n    return [b'ok']\n"}),
    Service("busybox-httpd", 8087, "busybox", "http", ["busybox", "httpd", "-f", "-p", "127.0.0.1:8087", "-h", "{folder}"]),
    Service("transmission", 9091, "transmission-daemon", "http", ["transmission-daemon", "-f", "-g", "{folder}", "-r", "127.0.0.1", "-p", "9091",
            "--no-portmap", "--no-dht"], "Transmission", False),
    Service("radicale", 5232, "radicale", "http", ["radicale", "--hosts", "127.0.0.1:5232", "--storage-filesystem-folder", "{folder}/r",
            "--auth-type", "none"], "wsgiref"),
    Service("php", 8092, "php8.2-cli", "http", ["php8.2", "-S", "127.0.0.1:8092", "-t", "{folder}"], "PHP", True, files={"index.php": "<?php echo 1;\n"}),
    Service("mercurial", 8089, "mercurial", "http", ["hg", "serve", "--config", "web.push_ssl=0", "-a", "127.0.0.1", "-p", "8089", "-R", "{folder}/r"], "Python http.server",
            before=[["hg", "init", "{folder}/r"]]),
    Service("redis-tls", 6390, "redis-server", "redis", ["redis-server", "--port", "0", "--tls-port", "6390", "--bind", "127.0.0.1", "--save", "", "--dir",
            "{folder}", "--tls-cert-file", "{certificate}", "--tls-key-file", "{key}", "--tls-ca-cert-file", "{certificate}", "--tls-auth-clients", "no"],
            "Redis", True, tls=True),
    Service("mosquitto-tls", 8883, "mosquitto", "mqtt", ["mosquitto", "-c", "{folder}/c"], tls=True,
            files={"c": "listener 8883 127.0.0.1\nallow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n"}),
    Service("ldaps", 636, "slapd", "ldap", ["slapd", "-d", "0", "-h", "ldaps://127.0.0.1:636/", "-f", "{folder}/c"], "OpenLDAP", tls=True, files={
        "c": 'include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {folder}/pid\nTLSCertificateFile {certificate}\n'
             'TLSCertificateKeyFile {key}\ndatabase mdb\nsuffix "dc=t"\ndirectory {folder}\n'}),
    Service("ngircd-tls", 6697, "ngircd", "irc", ["ngircd", "-n", "-f", "{folder}/c"], tls=True, files={
        "c": "[Global]\nName=irc.sonde.test\nInfo=p\nListen=127.0.0.1\nPorts=6669\nServerUID=nobody\nServerGID=nogroup\n[Options]\nPAM=no\nIdent=no\nDNS=no\n"
             "[SSL]\nCertFile={certificate}\nKeyFile={key}\nPorts=6697\n"}),
    Service("amqps", 5671, "rabbitmq-server", "amqp", [], "RabbitMQ", True, tls=True),
    Service("postgresql-tls", 5433, "postgresql-15", "postgresql", [f"{POSTGRES}/postgres", "-D", "{folder}/d", "-h", "127.0.0.1", "-p", "5433", "-k", "{folder}",
            "-c", "ssl=on", "-c", "ssl_cert_file={folder}/c.pem", "-c", "ssl_key_file={folder}/k.pem"], "PostgreSQL", user="postgres",
            before=[["sh", "-c", "cp {certificate} c.pem && cp {key} k.pem && chown postgres k.pem && chmod 600 k.pem"],
                    ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", f"{POSTGRES}/initdb", "-D", "{folder}/d"]]),
    Service("nats-tls", 4223, "nats-server", "nats", ["nats-server", "-a", "127.0.0.1", "-p", "4223", "--tls", "--tlscert", "{certificate}", "--tlskey", "{key}"],
            "NATS", True, starttls=True),
]


def listening_ports():
    """TCP ports that something listens on in this namespace. Nothing connects: a server may serve its first client only."""
    out = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A":
                out.add(int(local.rsplit(":", 1)[1], 16))
    return out


class ServiceWorld:
    """Starts every server that can be started, in parallel. `missing` names those that do not start."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.running = []
        self.missing = {}

    def prepare(self, service):
        place = self.folder / service.name
        place.mkdir()
        place.chmod(0o777)
        names = {"folder": place, "certificate": self.certificate, "key": self.key}
        for name, text in service.files.items():
            (place / name).write_text(text.format(**names))
        filled = lambda words: [str(word).format(**names) for word in words]  # noqa: E731
        environment = {**os.environ, "PATH": CONTROL, **{k: v.format(**names) for k, v in service.environment.items()}}
        for words in service.before:
            done = subprocess.run(filled(words), env=environment, capture_output=True, cwd=place, text=True)
            assert done.returncode == 0, f"{service.name}: {words}: {done.stderr}"
        return place, filled(service.command), environment

    def start(self, service):
        place, words, environment = self.prepare(service)
        if service.user:
            shutil.chown(place, service.user)
            for each in place.iterdir():
                shutil.chown(each, service.user)
            words = ["setpriv", "--reuid", service.user, "--regid", subprocess.run(
                ["id", "-gn", service.user], check=True, capture_output=True, text=True).stdout.strip(), "--clear-groups", *words]
        with open(place / "output", "w") as log:
            self.processes.append(subprocess.Popen(words, env=environment, cwd=place, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                                   start_new_session=True))

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        for parent in self.folder.parents:
            with contextlib.suppress(OSError):
                parent.chmod(parent.stat().st_mode | 0o055)
        self.certificate, self.key = make_certificate(self.folder, "services.sonde.test")
        for file in (self.certificate, self.key):
            Path(file).chmod(0o644)
        for service in SERVICES:
            if not service.command:
                continue
            try:
                self.start(service)
            except (AssertionError, OSError) as error:
                self.missing[service.name] = str(error)
        deadline = time.monotonic() + START_SECONDS
        wanted = {service.port for service in SERVICES if service.name not in self.missing}
        while not wanted <= listening_ports() and time.monotonic() < deadline:
            time.sleep(0.2)  # pause: until all listen
        up = listening_ports()
        for service in SERVICES:
            if service.port in up:
                self.running.append(service)
            else:
                self.missing.setdefault(service.name, f"nothing listens on {ADDRESS}:{service.port} after {START_SECONDS} s")
        # gobgpd closes what comes in its first seconds, and dovecot's processes start one after the other.
        time.sleep(SETTLE_SECONDS)  # pause: for servers that listen before they serve
        return self

    def __exit__(self, *_):
        for signal_ in (signal.SIGTERM, signal.SIGKILL):
            for process in self.processes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal_)
            time.sleep(1)  # pause: until they have ended
        for process in self.processes:
            process.wait(10)

    def log_of(self, name):
        path = self.folder / name / "output"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""


def packages():
    return sorted({service.package for service in SERVICES})


__all__ = ["ADDRESS", "SERVICES", "ServiceWorld", "find", "packages", "version_of"]
