#pragma once

#include <string_view>

namespace sonde::scanner {

// What HTTP products say of themselves, from their documentation and their responses. Used by
// `http_products.cpp` alone. In each table the first row that fits decides.

enum class http_version_clue {
  none,     ///< no version follows, or it is not the product's
  follows,  ///< behind the word
};

/// The beginning of the field Server. Only tokens whose product has another name or another version
/// than `product/version` says.
struct http_server_clue {
  std::string_view token;
  std::string_view product;
  http_version_clue version;
};
inline constexpr http_server_clue http_servers[] = {
    {"Microsoft-IIS", "IIS", http_version_clue::follows},
    {"Microsoft-HTTPAPI", "Microsoft HTTPAPI", http_version_clue::follows},
    {"Apache-Coyote", "Tomcat", http_version_clue::none},
    {"Apache Tomcat", "Tomcat", http_version_clue::follows},
    {"squid", "Squid", http_version_clue::follows},
    {"Icecast", "Icecast", http_version_clue::follows},
    {"GlassFish Server Open Source Edition", "GlassFish", http_version_clue::follows},
    {"Oracle GlassFish Server", "GlassFish", http_version_clue::follows},
    {"Sun GlassFish Enterprise Server v", "GlassFish", http_version_clue::follows},
    {"Payara Server", "Payara Server", http_version_clue::follows},
    {"JBoss-EAP", "JBoss EAP", http_version_clue::follows},
    {"WebLogic Server", "WebLogic", http_version_clue::follows},
    {"WebSphere Application Server", "WebSphere Application Server", http_version_clue::follows},
    {"IBM_HTTP_Server", "IBM HTTP Server", http_version_clue::follows},
    {"Oracle-HTTP-Server", "Oracle HTTP Server", http_version_clue::follows},
    {"Lotus-Domino", "Domino", http_version_clue::follows},
    {"MinIO/RELEASE.", "MinIO", http_version_clue::follows},
    {"MinIO Console", "MinIO", http_version_clue::none},
    {"MinIO", "MinIO", http_version_clue::none},
    {"Nexus", "Nexus Repository", http_version_clue::follows},
    {"Artifactory", "Artifactory", http_version_clue::follows},
    {"Netdata Embedded HTTP Server", "Netdata", http_version_clue::follows},
    {"TornadoServer", "Tornado", http_version_clue::follows},
    {"WSGIServer", "wsgiref", http_version_clue::follows},
    {"BaseHTTP", "Python http.server", http_version_clue::follows},
    {"SimpleHTTP", "Python http.server", http_version_clue::follows},
    {"Phusion Passenger", "Phusion Passenger", http_version_clue::follows},
    {"Mongrel", "Mongrel", http_version_clue::follows},
    {"thin", "Thin", http_version_clue::follows},
    {"Zope", "Zope", http_version_clue::follows},
    {"Hiawatha", "Hiawatha", http_version_clue::follows},
    {"GoAhead-Webs", "GoAhead", http_version_clue::follows},
    {"GoAhead-http", "GoAhead", http_version_clue::follows},
    {"Mbedthis-Appweb", "Appweb", http_version_clue::follows},
    {"Embedthis-Appweb", "Appweb", http_version_clue::follows},
    {"Allegro-Software-RomPager", "RomPager", http_version_clue::follows},
    {"ZyXEL-RomPager", "RomPager", http_version_clue::follows},
    {"Virata-EmWeb/R", "EmWeb", http_version_clue::follows},
    {"HP HTTP Server", "HP HTTP Server", http_version_clue::none},
    {"Mikrotik HttpProxy", "MikroTik HTTP proxy", http_version_clue::none},
    {"cisco-IOS", "Cisco IOS", http_version_clue::none},
    {"BigIP", "BIG-IP", http_version_clue::none},
    {"Splunkd", "Splunk", http_version_clue::none},
    {"pve-api-daemon", "Proxmox VE", http_version_clue::none},
    {"Transmission", "Transmission", http_version_clue::follows},
    {"Sun-ONE-Web-Server", "Sun ONE Web Server", http_version_clue::follows},
    {"Oracle-iPlanet-Web-Server", "Oracle iPlanet Web Server", http_version_clue::follows},
};

/// A field whose value holds the word; any value does where there is no word.
struct http_field_clue {
  std::string_view field;
  std::string_view word;
  std::string_view product;
  http_version_clue version;
};
inline constexpr http_field_clue http_application_fields[] = {
    {"X-Jenkins", "", "Jenkins", http_version_clue::follows},
    {"X-Hudson", "", "Hudson", http_version_clue::follows},
    {"X-JFrog-Version", "Artifactory/", "Artifactory", http_version_clue::follows},
    {"X-Artifactory-Id", "", "Artifactory", http_version_clue::none},
    {"X-Influxdb-Version", "", "InfluxDB", http_version_clue::follows},
    {"kbn-version", "", "Kibana", http_version_clue::follows},
    {"kbn-name", "", "Kibana", http_version_clue::none},
    {"X-elastic-product", "Elasticsearch", "Elasticsearch", http_version_clue::none},
    {"X-ClickHouse-Server-Display-Name", "", "ClickHouse", http_version_clue::none},
    {"X-ClickHouse-Summary", "", "ClickHouse", http_version_clue::none},
    {"X-Consul-Default-Acl-Policy", "", "Consul", http_version_clue::none},
    {"Docker-Distribution-Api-Version", "registry/", "Docker Registry", http_version_clue::none},
    {"X-Gitlab-Meta", "", "GitLab", http_version_clue::none},
    {"X-OWA-Version", "", "Microsoft Exchange", http_version_clue::follows},
    {"MicrosoftSharePointTeamServices", "", "SharePoint", http_version_clue::follows},
    {"X-Confluence-Request-Time", "", "Confluence", http_version_clue::none},
    {"X-Syncthing-Version", "", "Syncthing", http_version_clue::follows},
    {"X-Pi-hole", "", "Pi-hole", http_version_clue::none},
    {"X-Plex-Protocol", "", "Plex Media Server", http_version_clue::none},
    {"X-Transmission-Session-Id", "", "Transmission", http_version_clue::none},
    {"X-Discourse-Route", "", "Discourse", http_version_clue::none},
    {"X-Generator", "Drupal", "Drupal", http_version_clue::none},
    {"X-Drupal-Cache", "", "Drupal", http_version_clue::none},
    {"X-Drupal-Dynamic-Cache", "", "Drupal", http_version_clue::none},
    {"X-Magento-Tags", "", "Magento", http_version_clue::none},
    {"X-Powered-CMS", "Bitrix", "Bitrix", http_version_clue::none},
    {"Link", "https://api.w.org/", "WordPress", http_version_clue::none},
    {"X-Powered-By", "Strapi", "Strapi", http_version_clue::none},
    {"X-Powered-By", "Craft CMS", "Craft CMS", http_version_clue::none},
    {"WWW-Authenticate", "realm=\"ActiveMQRealm\"", "ActiveMQ", http_version_clue::none},
    {"WWW-Authenticate", "realm=\"Nagios", "Nagios", http_version_clue::none},
    {"WWW-Authenticate", "realm=\"OpenSearch Security\"", "OpenSearch", http_version_clue::none},
};
/// Frameworks, and servers that pass on the response of another one.
inline constexpr http_field_clue http_framework_fields[] = {
    {"X-Powered-By", "GlassFish Server Open Source Edition", "GlassFish",
     http_version_clue::follows},
    {"X-Powered-By", "PHP", "PHP", http_version_clue::follows},
    {"X-Powered-By", "Undertow", "Undertow", http_version_clue::follows},
    {"X-Powered-By", "Phusion Passenger", "Phusion Passenger", http_version_clue::follows},
    {"X-Powered-By", "Next.js", "Next.js", http_version_clue::follows},
    {"X-Powered-By", "Express", "Express", http_version_clue::none},
    {"Via", "varnish (Varnish/", "Varnish", http_version_clue::follows},
    {"X-Varnish", "", "Varnish", http_version_clue::none},
    {"X-Squid-Error", "", "Squid", http_version_clue::none},
};

/// A word of a page, or the beginning of a cookie's name.
struct http_word_clue {
  std::string_view word;
  std::string_view product;
};
/// A version may follow.
inline constexpr http_word_clue http_page_words[] = {
    {"<h3>Apache Tomcat/", "Tomcat"},
    {"<h1>RouterOS v", "RouterOS"},
    {"\"hideVersion\":false,\"version\":\"", "Grafana"},
    {"grafanaBootData", "Grafana"},
    {"consul-ui/config/environment", "Consul"},
    {"vault/config/environment", "Vault"},
    {"nomad-ui/config/environment", "Nomad"},
    {"Powered by Gitea", "Gitea"},
    {"cgi-bin/luci", "LuCI"},
};
/// Values of `<meta name="generator">`. A version may follow.
inline constexpr http_word_clue http_generators[] = {
    {"WordPress", "WordPress"}, {"MediaWiki", "MediaWiki"}, {"Joomla!", "Joomla"},
    {"TYPO3 CMS", "TYPO3"},     {"Drupal", "Drupal"},       {"Ghost", "Ghost"},
    {"DokuWiki", "DokuWiki"},
};
inline constexpr http_word_clue http_cookies[] = {
    {"i_like_gitea", "Gitea"},
    {"i_like_gogs", "Gogs"},
    {"_gitlab_session", "GitLab"},
    {"grafana_session", "Grafana"},
    {"nc_sameSiteCookie", "Nextcloud"},
    {"zbx_session", "Zabbix"},
    {"phpMyAdmin", "phpMyAdmin"},
    {"roundcube_sessid", "Roundcube"},
    {"MoodleSession", "Moodle"},
    {"atlassian.xsrf.token", "Jira"},
    {"ZM_TEST", "Zimbra"},
    {"_redmine_session", "Redmine"},
    {"_mastodon_session", "Mastodon"},
    {"_forum_session", "Discourse"},
    {"fe_typo_user", "TYPO3"},
    {"KC_RESTART", "Keycloak"},
    {"laravel_session", "Laravel"},
    {"SVPNCOOKIE", "FortiGate"},
    {"webvpn", "Cisco ASA"},
    {"Cacti", "Cacti"},
};
inline constexpr http_word_clue http_framework_cookies[] = {
    {"BIGipServer", "BIG-IP"},
    {"NSC_", "NetScaler"},
};

/// Titles are compared in whole where others may write about the product.
enum class http_title_place { whole, begin, end };
struct http_title_clue {
  http_title_place place;
  std::string_view word;
  std::string_view product;
};
inline constexpr http_title_clue http_titles[] = {
    {http_title_place::whole, "Grafana", "Grafana"},
    {http_title_place::whole, "Prometheus Time Series Collection and Processing Server",
     "Prometheus"},
    {http_title_place::whole, "Alertmanager", "Alertmanager"},
    {http_title_place::whole, "RabbitMQ Management", "RabbitMQ Management"},
    {http_title_place::whole, "SonarQube", "SonarQube"},
    {http_title_place::whole, "Jellyfin", "Jellyfin"},
    {http_title_place::whole, "Emby", "Emby"},
    {http_title_place::whole, "Home Assistant", "Home Assistant"},
    {http_title_place::whole, "Node-RED", "Node-RED"},
    {http_title_place::whole, "Portainer", "Portainer"},
    {http_title_place::whole, "Argo CD", "Argo CD"},
    {http_title_place::whole, "Harbor", "Harbor"},
    {http_title_place::whole, "Rancher", "Rancher"},
    {http_title_place::whole, "Consul by HashiCorp", "Consul"},
    {http_title_place::whole, "Welcome to Keycloak", "Keycloak"},
    {http_title_place::whole, "MinIO Console", "MinIO"},
    {http_title_place::whole, "MinIO Browser", "MinIO"},
    {http_title_place::whole, "Metabase", "Metabase"},
    {http_title_place::whole, "Mattermost", "Mattermost"},
    {http_title_place::whole, "Rocket.Chat", "Rocket.Chat"},
    {http_title_place::whole, "Graylog Web Interface", "Graylog"},
    {http_title_place::whole, "Solr Admin", "Solr"},
    {http_title_place::whole, "pgAdmin 4", "pgAdmin"},
    {http_title_place::whole, "phpMyAdmin", "phpMyAdmin"},
    {http_title_place::whole, "phpPgAdmin", "phpPgAdmin"},
    {http_title_place::whole, "Zabbix", "Zabbix"},
    {http_title_place::end, ": Zabbix", "Zabbix"},
    {http_title_place::whole, "UniFi Network", "UniFi Network"},
    {http_title_place::whole, "UniFi OS", "UniFi OS"},
    {http_title_place::whole, "RouterOS router configuration page", "RouterOS"},
    {http_title_place::whole, "RouterOS", "RouterOS"},
    {http_title_place::whole, "FRITZ!Box", "FRITZ!Box"},
    {http_title_place::end, " - LuCI", "LuCI"},
    {http_title_place::begin, "pfSense - ", "pfSense"},
    {http_title_place::end, " - pfSense", "pfSense"},
    {http_title_place::end, " OPNsense", "OPNsense"},
    {http_title_place::end, "Synology&nbsp;DiskStation", "Synology DSM"},
    {http_title_place::end, "Synology DiskStation", "Synology DSM"},
    {http_title_place::end, "Synology NAS", "Synology DSM"},
    {http_title_place::begin, "QNAP Turbo NAS", "QNAP QTS"},
    {http_title_place::end, "Proxmox Virtual Environment", "Proxmox VE"},
    {http_title_place::end, "Proxmox Backup Server", "Proxmox Backup Server"},
    {http_title_place::whole, "AdGuard Home", "AdGuard Home"},
    {http_title_place::whole, "OctoPrint", "OctoPrint"},
    {http_title_place::whole, "OctoPrint Login", "OctoPrint"},
    {http_title_place::begin, "qBittorrent Web", "qBittorrent"},
    {http_title_place::whole, "Transmission Web Interface", "Transmission"},
    {http_title_place::whole, "Sonarr", "Sonarr"},
    {http_title_place::whole, "Radarr", "Radarr"},
    {http_title_place::whole, "Lidarr", "Lidarr"},
    {http_title_place::whole, "Prowlarr", "Prowlarr"},
    {http_title_place::end, " Nextcloud", "Nextcloud"},
    {http_title_place::whole, "Nextcloud", "Nextcloud"},
    {http_title_place::whole, "ownCloud", "ownCloud"},
    {http_title_place::end, " GitLab", "GitLab"},
    {http_title_place::begin, "Gitea: ", "Gitea"},
    {http_title_place::begin, "Forgejo: ", "Forgejo"},
    {http_title_place::begin, "Roundcube Webmail", "Roundcube"},
    {http_title_place::end, " - Adminer", "Adminer"},
    {http_title_place::begin, "Apache Tomcat/", "Tomcat"},
    {http_title_place::begin, "Welcome to WildFly", "WildFly"},
    {http_title_place::begin, "GlassFish Server - Server Running", "GlassFish"},
    {http_title_place::begin, "SHOUTcast ", "SHOUTcast"},
    {http_title_place::begin, "Nagios Core", "Nagios"},
    {http_title_place::whole, "JupyterHub", "JupyterHub"},
    {http_title_place::whole, "Jupyter Server", "Jupyter Server"},
    {http_title_place::whole, "Jupyter Notebook", "Jupyter Notebook"},
    {http_title_place::begin, "RStudio Sign In", "RStudio Server"},
    {http_title_place::end, " - Airflow", "Airflow"},
};

}  // namespace sonde::scanner
