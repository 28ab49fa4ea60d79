#include "scanner/modules/cpe.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

struct cpe_name {
  std::string_view product;  ///< as the modules write it
  std::string_view name;     ///< `vendor:product`
};

constexpr std::array cpe_names = {
    cpe_name{"ActiveMQ", "apache:activemq"},
    cpe_name{"aiohttp", "aiohttp:aiohttp"},
    cpe_name{"Apache", "apache:http_server"},
    cpe_name{"Appweb", "embedthis:appweb"},
    cpe_name{"Artifactory", "jfrog:artifactory"},
    cpe_name{"Asterisk", "digium:asterisk"},
    cpe_name{"BIND", "isc:bind"},
    cpe_name{"Bitcoin Core", "bitcoin:bitcoin_core"},
    cpe_name{"Boa", "boa:boa"},
    cpe_name{"Caddy", "caddyserver:caddy"},
    cpe_name{"Cassandra", "apache:cassandra"},
    cpe_name{"ClickHouse", "clickhouse:clickhouse"},
    cpe_name{"Consul", "hashicorp:consul"},
    cpe_name{"CouchDB", "apache:couchdb"},
    cpe_name{"CUPS", "openprinting:cups"},
    cpe_name{"dnsmasq", "thekelleys:dnsmasq"},
    cpe_name{"Docker", "docker:docker"},
    cpe_name{"Dovecot", "dovecot:dovecot"},
    cpe_name{"dropbear", "dropbear_ssh_project:dropbear_ssh"},
    cpe_name{"Drupal", "drupal:drupal"},
    cpe_name{"ejabberd", "process-one:ejabberd"},
    cpe_name{"Elasticsearch", "elastic:elasticsearch"},
    cpe_name{"etcd", "etcd:etcd"},
    cpe_name{"Exim", "exim:exim"},
    cpe_name{"Firebird", "firebirdsql:firebird"},
    cpe_name{"FreeSWITCH", "freeswitch:freeswitch"},
    cpe_name{"FRRouting", "frrouting:frrouting"},
    cpe_name{"Git", "git-scm:git"},
    cpe_name{"Gitea", "gitea:gitea"},
    cpe_name{"GitLab", "gitlab:gitlab"},
    cpe_name{"GoAhead", "embedthis:goahead"},
    cpe_name{"GoBGP", "osrg:gobgp"},
    cpe_name{"gpsd", "gpsd_project:gpsd"},
    cpe_name{"Grafana", "grafana:grafana"},
    cpe_name{"gunicorn", "gunicorn:gunicorn"},
    cpe_name{"Home Assistant", "home-assistant:home-assistant"},
    cpe_name{"IBM HTTP Server", "ibm:http_server"},
    cpe_name{"Icecast", "icecast:icecast"},
    cpe_name{"IIS", "microsoft:internet_information_services"},
    cpe_name{"InfluxDB", "influxdata:influxdb"},
    cpe_name{"InspIRCd", "inspircd:inspircd"},
    cpe_name{"Jellyfin", "jellyfin:jellyfin"},
    cpe_name{"Jenkins", "jenkins:jenkins"},
    cpe_name{"Jetty", "eclipse:jetty"},
    cpe_name{"Kafka", "apache:kafka"},
    cpe_name{"Kamailio", "kamailio:kamailio"},
    cpe_name{"Kibana", "elastic:kibana"},
    cpe_name{"Kubernetes", "kubernetes:kubernetes"},
    cpe_name{"lighttpd", "lighttpd:lighttpd"},
    cpe_name{"MariaDB", "mariadb:mariadb"},
    cpe_name{"MediaWiki", "mediawiki:mediawiki"},
    cpe_name{"Memcached", "memcached:memcached"},
    cpe_name{"Microsoft Exchange", "microsoft:exchange_server"},
    cpe_name{"Microsoft SQL Server", "microsoft:sql_server"},
    cpe_name{"mini_httpd", "acme:mini_httpd"},
    cpe_name{"MinIO", "minio:minio"},
    cpe_name{"MIT Kerberos", "mit:kerberos_5"},
    cpe_name{"MongoDB", "mongodb:mongodb"},
    cpe_name{"Moodle", "moodle:moodle"},
    cpe_name{"Mosquitto", "eclipse:mosquitto"},
    cpe_name{"Munin", "munin-monitoring:munin"},
    cpe_name{"Murmur", "mumble:mumble"},
    cpe_name{"MySQL", "oracle:mysql"},
    cpe_name{"NATS", "linuxfoundation:nats-server"},
    cpe_name{"Neo4j", "neo4j:neo4j"},
    cpe_name{"Netdata", "netdata:netdata"},
    cpe_name{"Nextcloud", "nextcloud:nextcloud_server"},
    cpe_name{"nginx", "f5:nginx"},
    cpe_name{"ngIRCd", "ngircd:ngircd"},
    cpe_name{"Node-RED", "nodered:node-red"},
    cpe_name{"Nomad", "hashicorp:nomad"},
    cpe_name{"OpenDJ", "forgerock:opendj"},
    cpe_name{"Openfire", "igniterealtime:openfire"},
    cpe_name{"OpenLDAP", "openldap:openldap"},
    cpe_name{"openresty", "openresty:openresty"},
    cpe_name{"OpenSIPS", "opensips:opensips"},
    cpe_name{"OpenSSH", "openbsd:openssh"},
    cpe_name{"OpenVPN", "openvpn:openvpn"},
    cpe_name{"Oracle Database", "oracle:database_server"},
    cpe_name{"PgBouncer", "pgbouncer:pgbouncer"},
    cpe_name{"PHP", "php:php"},
    cpe_name{"phpMyAdmin", "phpmyadmin:phpmyadmin"},
    cpe_name{"Postfix", "postfix:postfix"},
    cpe_name{"PostgreSQL", "postgresql:postgresql"},
    cpe_name{"PowerDNS Recursor", "powerdns:recursor"},
    cpe_name{"ProFTPD", "proftpd:proftpd"},
    cpe_name{"Prometheus", "prometheus:prometheus"},
    cpe_name{"Prosody", "prosody:prosody"},
    cpe_name{"Pure-FTPd", "pureftpd:pure-ftpd"},
    cpe_name{"RabbitMQ", "vmware:rabbitmq"},
    cpe_name{"Redis", "redis:redis"},
    cpe_name{"RomPager", "allegrosoft:rompager"},
    cpe_name{"Roundcube", "roundcube:webmail"},
    cpe_name{"Samba", "samba:samba"},
    cpe_name{"SharePoint", "microsoft:sharepoint_server"},
    cpe_name{"Solr", "apache:solr"},
    cpe_name{"SonarQube", "sonarsource:sonarqube"},
    cpe_name{"Squid", "squid-cache:squid"},
    cpe_name{"Syncthing", "syncthing:syncthing"},
    cpe_name{"Tarantool", "tarantool:tarantool"},
    cpe_name{"thttpd", "acme:thttpd"},
    cpe_name{"Tomcat", "apache:tomcat"},
    cpe_name{"Tornado", "tornadoweb:tornado"},
    cpe_name{"Unbound", "nlnetlabs:unbound"},
    cpe_name{"UnrealIRCd", "unrealircd:unrealircd"},
    cpe_name{"Valkey", "lfprojects:valkey"},
    cpe_name{"Vault", "hashicorp:vault"},
    cpe_name{"vsftpd", "vsftpd_project:vsftpd"},
    cpe_name{"WebLogic", "oracle:weblogic_server"},
    cpe_name{"WebSphere Application Server", "ibm:websphere_application_server"},
    cpe_name{"Werkzeug", "palletsprojects:werkzeug"},
    cpe_name{"WildFly", "redhat:wildfly"},
    cpe_name{"WordPress", "wordpress:wordpress"},
    cpe_name{"X.Org", "x.org:x_server"},
    cpe_name{"xrdp", "neutrinolabs:xrdp"},
    cpe_name{"Zabbix", "zabbix:zabbix"},
    cpe_name{"ZooKeeper", "apache:zookeeper"},
};

}  // namespace

std::string quoted_for_cpe(std::string_view text) {
  // A `.` is not quoted: NISTIR 7695, table 6-1, does it in the URI form only.
  std::string out;
  for (char c : text) {
    if (c <= ' ' || c > '~') {
      out += '_';
      continue;
    }
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 c == '_' || c == '-' || c == '.';
    if (!plain) out += '\\';
    out += c;
  }
  return out;
}

std::string cpe_of(std::string_view product, std::string_view version) {
  auto found = std::ranges::find(cpe_names, product, &cpe_name::product);
  if (product.empty() || found == cpe_names.end()) return {};
  auto text = version.empty() ? std::string("*") : quoted_for_cpe(version);
  return "cpe:2.3:a:" + std::string(found->name) + ":" + text + ":*:*:*:*:*:*:*";
}

}  // namespace sonde::scanner
