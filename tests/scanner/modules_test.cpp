#include "scanner/modules/module.hpp"
#include "scanner/modules/recognition.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <vector>

namespace sonde::scanner {
namespace {

using namespace std::string_literals;

/// A greeting of a service and the expected result: `ssh OpenSSH 9.2p1`.
struct greeting {
  std::string said;
  std::string service;
};

std::string told(const recognition& known) {
  auto out = known.service.name;
  if (!known.service.product.empty()) out += " " + known.service.product;
  if (!known.service.version.empty()) out += " " + known.service.version;
  return out;
}

/// Feeds the bytes as the network may deliver them: the first byte, then one more each time.
/// Returns the size at which the banner is complete.
std::size_t complete_after(const std::string& said) {
  for (std::size_t size = 1; size <= said.size(); ++size) {
    if (recognise(said.substr(0, size)).complete) return size;
  }
  return 0;
}

const std::vector<greeting>& greetings() {
  static const std::vector<greeting> all = {
      {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "ssh OpenSSH 9.2p1"},
      {"SSH-2.0-dropbear_2022.83\r\n", "ssh dropbear 2022.83"},
      {"SSH-1.99-Cisco-1.25\n", "ssh Cisco 1.25"},
      {"SSH-2.0-Go\r\n", "ssh Go"},
      {"Welcome.\r\nKeep out.\r\nSSH-2.0-OpenSSH_8.4\r\n", "ssh OpenSSH 8.4"},
      {"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nA: b\r\n\r\n<html>", "http nginx 1.22.1"},
      {"HTTP/1.0 404 Not Found\nserver:Apache/2.4.57 (Debian)\n\n", "http Apache 2.4.57"},
      {"HTTP/1.1 200 OK\r\nServer: Jetty(9.4.51.v20230217)\r\n\r\n", "http Jetty 9.4.51.v20230217"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "http"},
      {"RTSP/1.0 400 Bad Request\r\nServer: Hik/5.0\r\n\r\n", "rtsp Hik 5.0"},
      {"220 mail.example.com ESMTP Postfix (Debian/GNU)\r\n", "smtp Postfix"},
      {"220 mx.example.com ESMTP Exim 4.96 Sun, 22 Nov 2026 06:29:41 +0000\r\n", "smtp Exim 4.96"},
      {"220-one.example.com\r\n220 ESMTP Sendmail 8.15.2/8.15.2\r\n", "smtp Sendmail 8.15.2"},
      {"554 smtp.example.com No SMTP service here\r\n", "smtp"},
      {"220 (vsFTPd 3.0.3)\r\n", "ftp vsftpd 3.0.3"},
      {"220 ProFTPD 1.3.8 Server (Debian) [::ffff:192.0.2.1]\r\n", "ftp ProFTPD 1.3.8"},
      {"220---- Welcome to Pure-FTPd ----\r\n220 Bye.\r\n", "ftp Pure-FTPd"},
      {"220 mail.example.com FTP server ready.\r\n", "ftp"},
      {"220 ftp.example.com ESMTP\r\n", "smtp"},
      {"200 news.example.com InterNetNews NNRP server INN 2.7.1 ready\r\n", "nntp INN 2.7.1"},
      {"+OK Dovecot (Debian) ready.\r\n", "pop3 Dovecot"},
      {"+OK POP3 <1896.697170952@dbc.example.com>\r\n", "pop3"},
      {"-ERR POP3 is disabled for you\r\n", "pop3"},
      {"* OK [CAPABILITY IMAP4rev1 LOGIN-REFERRALS] Dovecot ready.\r\n", "imap Dovecot"},
      {"* PREAUTH Cyrus IMAP 3.6.1 server ready\r\n", "imap Cyrus IMAP 3.6.1"},
      {"* BYE too many connections\r\n", "imap"},
      {"-ERR wrong number of arguments for 'get' command\r\n", "redis"},
      {"-NOAUTH Authentication required.\r\n", "redis"},
      {"-DENIED Redis is running in protected mode\r\n", "redis"},
      {"RFB 003.008\n", "vnc"},
  };
  return all;
}

std::string packet(const std::string& payload) {
  std::string out{static_cast<char>(payload.size() & 0xFFU),
                  static_cast<char>(payload.size() >> 8U), '\0', '\0'};
  return out + payload;
}

std::string mysql_greeting(const std::string& version, const std::string& salt = "saltsalt") {
  return packet("\x0A" + version + "\0"s + "\x05\0\0\0"s + salt + "\0\xFF\xF7\x08\x02\0\x0F\x80"s +
                "\x15"s + std::string(10, '\0') + "saltsaltsalt\0"s + "mysql_native_password\0"s);
}

}  // namespace

TEST_CASE("services are recognised by their greetings") {
  for (const auto& each : greetings()) {
    CAPTURE(each.said);
    auto known = recognise(each.said);
    CHECK(told(known) == each.service);
    CHECK(known.complete);
  }
}

TEST_CASE("an unfinished greeting is not complete") {
  for (const auto& each : greetings()) {
    CAPTURE(each.said);
    auto end_of_http = each.said.find("<html>");
    auto last = std::min(end_of_http, each.said.size());
    CHECK(complete_after(each.said) == last);
  }
}

TEST_CASE("an unknown greeting is a banner without a service") {
  const std::vector<std::string> strange = {
      "",
      "\n",
      "hello\r\n",
      std::string(64, '\0'),
      "SSH",
      "SSH-2.0\r\n",
      "HTTP",
      "220",
      "220 hello\r\n",
      "2200 mail\r\n",
      "+OKAY\r\n",
      "* OKAY\r\n",
      "-ERR no such command\r\n",
      "RFB 003.0x8\n",
      "RFB 003.008 ",
      "\xFF\xFE\xFD",
      "<html>HTTP/1.1 200 OK</html>",
  };
  for (const auto& said : strange) {
    CAPTURE(said);
    auto known = recognise(said);
    CHECK(known.service.name.empty());
    CHECK(known.service.product.empty());
    CHECK(known.raw == said);
    CHECK(!known.complete);
  }
}

TEST_CASE("modules accept every prefix and every flipped byte of a greeting") {
  auto samples = greetings();
  samples.push_back({mysql_greeting("8.0.35"), ""});
  for (const auto& each : samples) {
    for (std::size_t at = 0; at < each.said.size(); ++at) {
      auto known = recognise(each.said.substr(0, at));
      CHECK(known.raw.size() <= at);
      auto broken = each.said;
      broken[at] = static_cast<char>(~broken[at]);
      known = recognise(broken);
      CHECK(known.raw.size() <= broken.size());
    }
  }
}

TEST_CASE("MySQL's handshake packet is recognised") {
  auto known = recognise(mysql_greeting("8.0.35-0ubuntu0.22.04.1"));
  CHECK(told(known) == "mysql MySQL 8.0.35");
  CHECK(known.complete);
  CHECK(told(recognise(mysql_greeting("5.5.5-10.11.6-MariaDB-0+deb12u1"))) ==
        "mysql MariaDB 10.11.6");
  CHECK(told(recognise(mysql_greeting("11.4.2-MariaDB"))) == "mysql MariaDB 11.4.2");
  auto refused = "\xFF\x6A\x04Host '192.0.2.1' is not allowed to connect to this MariaDB server"s;
  known = recognise(packet(refused));
  CHECK(told(known) == "mysql");
  CHECK(known.raw.starts_with("Host '192.0.2.1'"));
  CHECK(told(recognise(packet("\xFF\x10\x04#08004Too many connections"s))) == "mysql");
  // Truncated, of another version, or followed by more bytes.
  auto whole = mysql_greeting("8.0.35");
  CHECK(recognise(whole.substr(0, whole.size() - 1)).service.name.empty());
  CHECK(recognise(packet("\x09" + "8.0.35\0"s + std::string(40, 'x'))).service.name.empty());
  CHECK(recognise(whole + "more").raw == whole);
  CHECK(recognise(packet("\xFF\x10\x04no database said this"s)).service.name.empty());
}

TEST_CASE("a banner is the same each time: values that a server generates are masked") {
  struct pair {
    std::string one, other;
  };
  const std::vector<pair> same = {
      {"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 06:29:41 GMT\r\nSet-Cookie: a=1\r\nServer: x\r\n"
       "\r\n",
       "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 07:30:42 GMT\r\nSet-Cookie: b=22\r\nServer: x\r\n"
       "\r\n"},
      {"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", "
       "opaque=\"d\"\r\n\r\n",
       "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"xyz\", "
       "opaque=\"e\"\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nX-My-Request-Id: 1\r\n\r\n",
       "HTTP/1.1 200 OK\r\nX-My-Request-Id: 23\r\n\r\n"},
      {"220 mx.example.com ESMTP Exim 4.96 Sun, 22 Nov 2026 06:29:41 +0000\r\n",
       "220 mx.example.com ESMTP Exim 4.96 Mon, 23 Nov 2026 16:29:42 +0000\r\n"},
      {"220 mx.google.com ESMTP d2e1a72fcca58-7c3f0a9b8c7d6e5f - gsmtp\r\n",
       "220 mx.google.com ESMTP 5b1f17b1804b1-47790b0c9d8e7f6a - gsmtp\r\n"},
      {"220-You are user number 1 of 50 allowed.\r\n220 Pure-FTPd\r\n",
       "220-You are user number 17 of 50 allowed.\r\n220 Pure-FTPd\r\n"},
      {"+OK POP3 <1896.697170952@dbc.example.com>\r\n",
       "+OK POP3 <1897.697170999@dbc.example.com>\r\n"},
      {mysql_greeting("8.0.35", "saltsalt"), mysql_greeting("8.0.35", "pepper!!")},
      {"hello, it is 2026-11-22T06:29:41Z\r\n", "hello, it is 2026-11-23T16:29:42.5Z\r\n"},
      {"Sun Nov 22 06:29:41 2026\r\n", "Mon Nov 23 16:29:42 2026\r\n"},
  };
  for (const auto& each : same) {
    CAPTURE(each.one);
    auto one = recognise(each.one);
    auto other = recognise(each.other);
    CHECK(one.masked == other.masked);
    CHECK(one.masked.find('*') != std::string::npos);
    CHECK(one.raw != other.raw);
  }
}

TEST_CASE("details that distinguish servers stay in the banner") {
  for (const auto& each : greetings()) {
    auto known = recognise(each.said);
    CAPTURE(known.masked);
    CHECK(known.masked.find(known.service.version) != std::string::npos);
  }
  CHECK(recognise("220 mail.example.com ESMTP Postfix\r\n").masked ==
        "220 mail.example.com ESMTP Postfix\r\n");
  CHECK(recognise("HTTP/1.1 200 OK\r\nServer: a\r\nX-Frame-Options: DENY\r\n\r\n").masked ==
        "HTTP/1.1 200 OK\r\nServer: a\r\nX-Frame-Options: DENY");
}

TEST_CASE("the key exchange after the identification is not part of an SSH banner") {
  auto known = recognise("SSH-2.0-OpenSSH_9.2p1\r\n\0\0\x04\x1C\x0A\x14random"s);
  CHECK(known.raw == "SSH-2.0-OpenSSH_9.2p1");
  CHECK(known.masked == known.raw);
}

TEST_CASE("product and version of a service are short single lines of UTF-8") {
  auto known = recognise("HTTP/1.1 200 OK\r\nServer: b\xF6s\x1B[2Je/1.0\x01\r\n\r\n");
  CHECK(known.service.name == "http");
  for (char c : known.service.product + known.service.version)
    CHECK(static_cast<unsigned char>(c) >= 0x20);
  CHECK(known.service.product.find('\xF6') == std::string::npos);
  known = recognise("HTTP/1.1 200 OK\r\nServer: " + std::string(10'000, 'x') + "\r\n\r\n");
  CHECK(known.service.product.size() == 80);
  known = recognise("SSH-2.0-a_" + std::string(10'000, '1') + "\r\n");
  CHECK(known.service.version.size() == 80);
}

TEST_CASE("a banner of the maximum length is parsed in little time") {
  // Each piece took quadratic time in some scanner.
  const std::vector<std::string> pieces = {"a:", "nonce=\"", "Mon, 2 Jan ", "<",
                                           "\n", "220-",     "1:"};
  auto begun = std::chrono::steady_clock::now();
  for (const auto& piece : pieces) {
    std::string said = "HTTP/1.1 200 OK\r\nA: ";
    while (said.size() < 16'384)
      said += piece;
    CHECK(recognise(said).service.name == "http");
    (void)recognise("220 mail " + said);
    (void)recognise("* OK " + said);
    (void)recognise(said.substr(20));
  }
  // The scan takes milliseconds if it examines each byte a few times, and minutes otherwise.
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
}

TEST_CASE("the head of an HTML page is waited for, and nothing beyond it") {
  using kind = talk_step::kind;
  auto step_after = [](const std::string& response) {
    auto talk = modules::http_module.talk({});
    return talk->receive(response).what;
  };
  std::string html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
  CHECK(step_after(html) == kind::more);
  CHECK(step_after(html + "\r\n") == kind::more);
  CHECK(step_after(html + "\r\n<head><title>A</title>") == kind::more);
  CHECK(step_after(html + "\r\n<head><title>A</title></head>") == kind::known);
  CHECK(step_after(html + "\r\n<html><BODY>") == kind::known);
  CHECK(step_after(html + "\r\n" + std::string(16 * 1024, ' ')) == kind::known);
  CHECK(step_after(html + "Content-Length: 0\r\n\r\n") == kind::known);
  CHECK(step_after(html + "Content-Length: 4\r\n\r\nabc") == kind::more);
  CHECK(step_after(html + "Content-Length: 4\r\n\r\nabcd") == kind::known);
  CHECK(step_after("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n") == kind::known);
  auto talk = modules::http_module.talk({});
  auto last = talk->ended(html + "\r\n<title>A page</title>");
  REQUIRE(last.what == kind::known);
  CHECK(last.known.service.facts.back().value == "A page");
}

}  // namespace sonde::scanner
