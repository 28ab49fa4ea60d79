#include "model/scan/profile.hpp"

#include <iterator>

namespace sonde::model {
namespace {

// A port with several uses is in the first row that names one of them.
constexpr port_group port_groups[] = {
    {"7,9,13,17,19,37,79",
     "echo, discard, daytime, quote, chargen, time, finger (RFC 862-868, 1288)"},
    {"20-21,989-990,2100,2121,2221,10021", "FTP, FTPS, and FTP where people move it to"},
    {"22,222,2022,2200-2202,2220,2222-2223,8022,10022,20022,22022,22222,50022",
     "SSH, and where people move it to"},
    {"23,107,992,2323,2601-2612,4001-4004",
     "Telnet, routing daemons' consoles (FRR), console servers"},
    {"24-26,106,109-110,143,209,220,465,587,628,783,993,995,1025,1143,2525,4190,"
     "10024-10026,11332-11334",
     "SMTP, LMTP, POP, IMAP, ManageSieve, QMTP, and the filters behind them"},
    {"53,853,953,5353,5380,8053,8953", "DNS, DNS over TLS, and name servers' control ports"},
    {"43,63,70,105,210,4321", "whois, gopher, CCSO, Z39.50, rwhois"},
    {"49,88,389,464,636,749,754,1645-1646,1812-1813,2083,3268-3269,3799,9389",
     "TACACS+, Kerberos, LDAP, RADIUS, Active Directory"},
    {"80-87,89-90,443", "HTTP and HTTPS, and the numbers beside them"},
    {"8000-8021,8023-8052,8054-8060,8069-8100,8180-8184,8280-8281,8443-8446,8800,"
     "8880-8889,8983",
     "HTTP and HTTPS on the numbers that everybody takes next"},
    {"591,832,981,1010,1311,2052-2053,2082,2086-2087,2095-2096,2443,3443,4080-4081,4430,"
     "4433,4443,5443,6443,7080-7081,7443,9443-9444,10080,10443,12443,18080-18081,20443,"
     "28080,30443,44300,50443",
     "HTTP and HTTPS with a digit in front, hosting panels, CDN origins"},
    {"1344,3000-3012,3030,3333,4000,4040,4200-4201,4567,5000-5010,5050,5173-5174,5500,"
     "6006,7000-7005,8787-8788,9222,9229-9230,10000,35729",
     "development servers and debuggers: Node, Rails, Flask, Vite, Angular, Storybook, "
     "Chrome"},
    {"1098-1099,3700,3820,3920,4444-4448,4848,7676,8140,8161,8686,9043,9060,9080,"
     "9990-9993,11099",
     "Java: RMI, JBoss, WebLogic, GlassFish, Tomcat, WebSphere, JMX"},
    {"1080-1081,1083,3127-3129,4145,6588,7890-7893,8118,8123,9050-9051,9150-9151,"
     "10808-10809,20171",
     "SOCKS and HTTP proxies, Tor, V2Ray, Clash"},
    {"111,512-515,540,543-544,548,556,601,631,873,2049,4045,6514,10514,20048,32765-32771",
     "Unix services: portmapper, r-commands, printing, AFP, syslog, rsync, NFS, RPC's "
     "dynamic ports"},
    {"135,137-139,445,593,1801,2103,2105,2107,2179,2869,3389-3392,5040,5357-5358,"
     "5985-5986,7680,8530-8531,47001,49152-49161,49664-49669",
     "Windows: RPC and its dynamic ports, SMB, MSMQ, RDP, WinRM, WSUS, Hyper-V"},
    {"427,3283,3689,5900,7100,62078",
     "Apple: service location, ARD, DAAP, AirPort, AirPlay, lockdown"},
    {"4899,5631,5650,5800-5803,5901-5910,5938,6000-6005,6129,6568,7070,21115-21117",
     "remote desktops: VNC, X11, Dameware, Radmin, pcAnywhere, TeamViewer, AnyDesk, "
     "RustDesk"},
    {"523,1433-1434,1521-1526,1583,1830,1972,2433,2483-2484,2638,3050,3306-3309,3351,4100,"
     "5432-5435,6432,9001,9088,13306,14330,15432,33060-33061,33306,50000-50001,51773",
     "SQL: SQL Server, Oracle, MySQL, PostgreSQL, Firebird, Db2, Informix, Sybase, "
     "HSQLDB, Caché"},
    {"2379,2424,2480,4242,4369,5984,6333-6334,6379-6384,6984,7199,7473-7474,7687,7700,"
     "8108,8529,8812,9000,9004,9009,9042,9142,9160,9200-9202,9300-9302,9440,11207,"
     "11210-11211,16379,19530,20160,26257,26379,27017-27019,28015,28017,29015",
     "NoSQL, search, time series and vectors: Redis, memcached, MongoDB, CouchDB, "
     "Couchbase, Cassandra, Neo4j, Elasticsearch, Qdrant, ClickHouse, InfluxDB, "
     "CockroachDB, TiDB"},
    {"1414-1415,1883-1884,2181,2888,3888,4150-4151,4160-4161,4222,5555-5556,5671-5672,"
     "6222,6650-6651,7222,8222,9092-9096,9644,9876,10909,10911,15671-15672,15674,25672,"
     "33145,61613-61617",
     "messages: MQTT, NATS, AMQP, ActiveMQ, ZooKeeper, Kafka, Redpanda, Pulsar, RocketMQ, "
     "NSQ, IBM MQ"},
    {"2375-2378,2380,4243,4789,5473,6444-6445,7946,8472,9098-9100,9345,10248-10250,"
     "10255-10259,15010,15012,15014,15017,15020-15021,16443,25000,30000-30002,31000,32000",
     "containers: Docker, Swarm, Kubernetes and its node ports, Istio, Rancher, "
     "registries"},
    {"4646-4648,7480,8200-8201,8300-8302,8500-8503,8600,50051-50052",
     "Nomad, Vault, Consul, gRPC's customary port"},
    {"9090-9091,9097,9101-9131,9153,9182,9187,9216,9256,9273,9308",
     "Prometheus and its exporters, which number themselves from 9100"},
    {"199,1984,2003-2004,3100,4317-4318,4949,5044,5140,5170,5601,5666-5667,6556,8125-8126,"
     "8649,8651,9411,9419,9600,9999,10050-10051,12201,12489,13133,14250,14268-14269,16686,"
     "19999,24224",
     "monitoring, logs and traces: SNMP over TCP, Graphite, Loki, OpenTelemetry, Munin, "
     "Logstash, Kibana, Nagios, Zabbix, Jaeger, Netdata, Fluentd"},
    {"2811,2947,3260,3632,3690,4041-4042,4900,6789,6800-6803,7077,7300,7337,9418,9864,"
     "9866-9868,9870,11000,16000,16010,16020,16030,19888,24007-24008,50010,50070,50075,"
     "50090,60010,60030",
     "storage and data: iSCSI, Subversion, Git, Ceph, Hadoop, HBase, Spark, Gluster, "
     "distcc, GridFTP"},
    {"4028,4662,6346,6881-6889,8332-8333,8545-8547,9332-9333,9735,9933,9944,14444,"
     "18332-18333,26656-26657,30303,51413",
     "peer to peer: BitTorrent, eMule, Gnutella, Bitcoin, Ethereum, Lightning, Substrate, "
     "Cosmos, miners"},
    {"264,500,541,703,943,1194-1195,1701,1723,4500,8388,11194,18264,51820",
     "VPN: IPsec over TCP, OpenVPN, PPTP, SoftEther, Shadowsocks, AnyConnect, Check "
     "Point, FortiGate"},
    {"554,1719-1720,1755,1935,2000-2001,2427,2727,3478-3479,4569,5038,5060-5062,5080,5090,"
     "5349-5350,6036,7236,8554-8556,8899,8920,9527,9530,10554,32400,34567,37777-37778,"
     "55443",
     "voice, video, cameras and players: RTSP, H.323, SIP, Asterisk, RTMP, SCCP, MGCP, "
     "STUN, Dahua, Plex, Jellyfin, Chromecast"},
    {"194,994,1863,5190,5222-5223,5269-5270,5280-5281,5298,6660-6669,6697,8065,8448,10011,"
     "30033,64738",
     "chat: IRC, XMPP, Matrix, Mattermost, Mumble, TeamSpeak"},
    {"102,502-503,771,789,1089-1091,1153,1217,1911,1962,2404,2455,4712,4840,4843,4911,"
     "5020,5052,5065,5094,5450,10001,11001,18245-18246,20000,20547,34962-34964,41100,"
     "44818,46824,47808,55000-55001",
     "industry: S7, Modbus, Foundation Fieldbus, Niagara Fox, IEC 104, CODESYS, OPC UA, "
     "MELSEC, PROFINET, DNP3, EtherNet/IP, BACnet, GE SRTP"},
    {"721,2501,3910-3911,8292,9220,9290,9500,54921", "printers and scanners"},
    {"1900,5431,5678,7547-7548,8291,8728-8729,9034,20005,30005,32764,37215,52869,53413,"
     "58000",
     "routers, modems and small boxes: CWMP, UPnP, MikroTik, Ubiquiti, Huawei, Realtek, "
     "vendor back doors"},
    {"623,664,902-903,1270,2381,5120-5122,5405,5988-5989,8208,8697,16509,16514,"
     "16992-16995,17988,17990",
     "server management and hypervisors: IPMI, AMT, iDRAC, iLO, VMware, Proxmox, libvirt, "
     "CIM, NBD"},
    {"179,639,646,830-831,833,4189,4784,4786,6633,6640,6653,9339,57400",
     "networks: BGP, MSDP, LDP, NETCONF, PCEP, OpenFlow, OVSDB, gNMI, Cisco Smart Install"},
    {"1128-1129,3200-3201,3298-3300,3600,3900,30013,30015,50013-50014", "SAP"},
    {"1500-1501,1556,1581,1947,2701,2967-2968,3181,5093,5152,6050,6101,6106,6160-6162,"
     "6502,7788,8834,9392-9393,9401,10002,10102,13720-13724,13782-13783,27000-27001,49400",
     "backup, licences and agents: Spectrum Protect, NetBackup, Backup Exec, Bacula, "
     "Veeam, FlexLM, Sentinel, Symantec, Nessus, SCCM"},
    {"2302,3724,7777-7778,8211,15567,19132,25565-25566,25575,27014-27016,27036,28016,"
     "30120,43594",
     "games and their consoles: Minecraft, Source RCON, Rust, Terraria, FiveM, Steam"},
    {"1337,5554,12345-12346,20034,27374,31337-31338,50050,54320-54321,55553,65000",
     "back doors and command servers' customary ports"},
    {"1234,1880,5037,7860-7861,8188,8265,8581,8890,9191,11434-11435",
     "notebooks, models and homes: Jupyter, Ollama, Gradio, Streamlit, Ray, Home "
     "Assistant, Node-RED, adb"},
};

}  // namespace

const std::vector<port_group>& standard_groups() {
  static const std::vector<port_group> groups(std::begin(port_groups), std::end(port_groups));
  return groups;
}

}  // namespace sonde::model
