#include "scanner/modules/recog.hpp"

#include "scanner/modules/recog_folder.hpp"
#include "scanner/modules/recog_text.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace sonde::scanner {
namespace {

/// A fingerprint file for one kind of text.
std::string xml_of(const std::string& matches, const std::string& fingerprints) {
  return "<?xml version=\"1.0\"?>\n<fingerprints matches=\"" + matches + "\" protocol=\"any\">\n" +
         fingerprints + "</fingerprints>\n";
}

const std::string acme_mail =
    "<fingerprint pattern=\"^\\S+ ACME Post (?:v|version )([\\d.]+)\" flags=\"REG_ICASE\">\n"
    "<description>A made-up mail server</description>\n"
    "<example service.version=\"2.1\">mx ACME Post v2.1</example>\n"
    "<param pos=\"0\" name=\"service.vendor\" value=\"ACME\"/>\n"
    "<param pos=\"0\" name=\"service.product\" value=\"Post\"/>\n"
    "<param pos=\"1\" name=\"service.version\"/>\n"
    "<param pos=\"0\" name=\"service.cpe23\" value=\"cpe:/a:acme:post:{service.version}\"/>\n"
    "</fingerprint>\n";

std::shared_ptr<const recog_database> database_of(const std::vector<std::string>& files) {
  std::vector<recog_file> parsed;
  for (const auto& each : files)
    parsed.push_back(parse_recog_file(each, "test.xml").value());
  return recog_database::from_files(std::move(parsed)).value();
}

/// `product | version | cpe` of a banner, after the fingerprints.
std::string completed(const recog_database& with, std::string_view banner) {
  auto known = recognise(banner);
  with.complete(known);
  return known.service.product + " | " + known.service.version + " | " + known.service.cpe;
}

std::string fingerprint_for(const std::string& pattern, const std::string& product,
                            const std::string& cpe = {}) {
  auto out = "<fingerprint pattern=\"" + pattern + "\"><param pos=\"0\" name=\"service.product\" " +
             "value=\"" + product + "\"/><param pos=\"1\" name=\"service.version\"/>";
  if (!cpe.empty()) out += "<param pos=\"0\" name=\"service.cpe23\" value=\"" + cpe + "\"/>";
  return out + "</fingerprint>\n";
}

std::string folder_error(const std::filesystem::path& folder) {
  auto loaded = load_recog_folder(folder);
  return loaded ? std::string() : loaded.error().message();
}

}  // namespace

TEST_CASE("a fingerprint names the product of a banner that its module does not know") {
  auto all = database_of({xml_of("smtp.banner", acme_mail)});
  CHECK(all->loaded().fingerprints == 1);
  CHECK(completed(*all, "220 mx.example.org acme post V2.1 ESMTP\r\n") ==
        "Post | 2.1 | cpe:2.3:a:acme:post:2.1:*:*:*:*:*:*:*");
  CHECK(completed(*all, "220 mx.example.org ESMTP\r\n") == " |  | ");
  CHECK(completed(*all, "+OK mx ACME Post v2.1\r\n") == " |  | ");
}

TEST_CASE("a product of the module stays; the same product gets what is missing") {
  auto all = database_of(
      {xml_of("ssh.banner",
              fingerprint_for("^OpenSSH_([\\d.]+)", "Other") +
                  fingerprint_for("^dropbear build (\\d)", "Dropbear") +
                  fingerprint_for("^Tiny (\\d)", "tiny", "cpe:/a:some:tiny:{service.version}"))});
  auto openssh = completed(*all, "SSH-2.0-OpenSSH_9.2\r\n");
  CHECK(openssh == "OpenSSH | 9.2 | cpe:2.3:a:openbsd:openssh:9.2:*:*:*:*:*:*:*");
  CHECK(completed(*all, "SSH-2.0-dropbear build 7\r\n") ==
        "dropbear | 7 | cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:7:*:*:*:*:*:*:*");
  CHECK(completed(*all, "SSH-2.0-Tiny 3\r\n") == "Tiny | 3 | cpe:2.3:a:some:tiny:3:*:*:*:*:*:*:*");
}

TEST_CASE("the first fingerprint of a file decides, wherever it is in a set of patterns") {
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += fingerprint_for("^none-" + std::to_string(i) + "-(\\d)", "none");
  many += fingerprint_for("late (\\d)", "first") + fingerprint_for("very late (\\d)", "second");
  auto all = database_of({xml_of("ftp.banner", many)});
  CHECK(all->loaded().fingerprints == 102);
  CHECK(completed(*all, "220 ftp very late 7\r\n") == "first | 7 | ");
}

TEST_CASE("an application that a title or a cookie shows is a fact, if Server names a product") {
  auto all = database_of({xml_of("html_title", fingerprint_for("^ACME Panel (\\d)", "Panel")),
                          xml_of("http_header.cookie", fingerprint_for("^acme=(\\d)", "Shop"))});
  auto known =
      recognise("HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n<html><title>ACME Panel 4</title></html>");
  all->complete(known);
  CHECK(known.service.product == "nginx");
  CHECK(known.service.facts.back().name == "application");
  CHECK(known.service.facts.back().value == "Panel 4");
  CHECK(completed(*all, "HTTP/1.1 200 OK\r\nSet-Cookie: acme=5; path=/\r\n\r\n") == "Shop | 5 | ");
}

TEST_CASE("patterns that RE2 does not compile, and files for other texts, are counted") {
  auto all = database_of({xml_of("ftp.banner", fingerprint_for("(?!x)(a)\\1", "Back")),
                          xml_of("snmp.sys_description", fingerprint_for("(a)", "Other"))});
  CHECK(all->loaded().files == 1);
  CHECK(all->loaded().other_files == 1);
  CHECK(all->loaded().fingerprints == 0);
  CHECK(all->loaded().refused_patterns == 1);
}

TEST_CASE("patterns that take more than a megabyte together are left out and counted") {
  std::string large;
  for (int i = 0; i < 32; ++i)
    large += fingerprint_for(std::to_string(i) + "x(a)(?:abcd){400}", "Large");
  auto all = database_of({xml_of("ftp.banner", large),
                          xml_of("smtp.banner", fingerprint_for("^small (\\d)", "Small"))});
  CHECK(all->loaded().fingerprints == 1);
  CHECK(all->loaded().refused_patterns == 32);
}

TEST_CASE("a CPE name is an application's, quoted, and without a version where none is known") {
  auto all = database_of({xml_of(
      "ftp.banner",
      fingerprint_for("^Odd (\\S+)", "Odd", "cpe:/a:a:odd:{service.version}") +
          fingerprint_for("^Bare( x)?", "Bare", "cpe:/a:b:bare:{service.version}") +
          fingerprint_for("^New(\\d)", "New", "cpe:2.3:a:c:new:{service.version}:*:*:*:*:*:*:*") +
          fingerprint_for("^Box(\\d)", "Box", "cpe:/h:d:box:{service.version}"))});
  CHECK(completed(*all, "220-Odd 1:2+ftp\r\n") ==
        "Odd | 1:2+ftp | cpe:2.3:a:a:odd:1\\:2\\+ftp:*:*:*:*:*:*:*");
  CHECK(completed(*all, "220 Bare ftp\r\n") == "Bare |  | cpe:2.3:a:b:bare:*:*:*:*:*:*:*:*");
  CHECK(completed(*all, "220 New3 ftp\r\n") == "New | 3 | cpe:2.3:a:c:new:3:*:*:*:*:*:*:*");
  CHECK(completed(*all, "220 Box3 ftp\r\n") == "Box | 3 | ");
}

TEST_CASE("each kind of text comes without the frame of its protocol") {
  auto text_of = [](std::string_view banner) {
    auto known = recognise(banner);
    std::string out;
    for (const auto& each : recog_texts(known))
      out += std::string(each.matches) + "=" + std::string(each.text) + ";";
    return out;
  };
  CHECK(text_of("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") == "ssh.banner=OpenSSH_9.2p1 Debian-2;");
  CHECK(text_of("220 mx ESMTP Postfix\r\n") == "smtp.banner=mx ESMTP Postfix;");
  CHECK(text_of("220-ftp server\r\n220 ready\r\n") == "ftp.banner=ftp server;");
  CHECK(text_of("+OK POP3 ready\r\n") == "pop3.banner=POP3 ready;");
  CHECK(text_of("* OK IMAP4 ready\r\n") == "imap4.banner=IMAP4 ready;");
  CHECK(text_of("200 NNTP ready\r\n") == "nntp.banner=NNTP ready;");
  CHECK(text_of("HTTP/1.1 401 No\r\nServer: a/1\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n") ==
        "http_header.server=a/1;http_header.wwwauth=Basic realm=\"x\";");
}

TEST_CASE("an error in a file names the file, the line and the mistake") {
  auto said = [](const std::string& xml) {
    auto parsed = parse_recog_file(xml, "a.xml");
    return parsed ? std::string() : parsed.error().message();
  };
  CHECK(said(xml_of("ftp.banner", acme_mail)).empty());
  CHECK(said("<fingerprints matches=\"x\">\n<fingerprint pattern=\"a\">\n").starts_with("a.xml:"));
  CHECK(said("<other/>").starts_with("a.xml:1: the element <fingerprints> is missing"));
  CHECK(said("<fingerprints/>").find("matches") != std::string::npos);
  CHECK(said(xml_of("ftp.banner", "\n<fingerprint/>")).starts_with("a.xml:4: <fingerprint>"));
  CHECK(said(xml_of("ftp.banner", "<fingerprint pattern=\"a\" flags=\"REG_X\"/>"))
            .starts_with("a.xml:3: unknown flag"));
  CHECK(said(xml_of("ftp.banner", "<fingerprint pattern=\"a\">\n<param name=\"x\"/></fingerprint>"))
            .starts_with("a.xml:4: <param> needs the attribute pos"));
  CHECK(said(xml_of("ftp.banner", "<fingerprint pattern=\"" + std::string(5'000, 'a') + "\"/>"))
            .find("more than 4096 bytes") != std::string::npos);
  auto beyond = parse_recog_file(
      xml_of("ftp.banner",
             "<fingerprint pattern=\"a\"><param pos=\"1\" name=\"x\"/></fingerprint>"),
      "a.xml");
  auto built = recog_database::from_files({beyond.value()});
  REQUIRE(!built);
  CHECK(built.error().message() == "a.xml:3: x refers to group 1, but the pattern has 0");
}

TEST_CASE("a folder is loaded in the order of its names, and a bad folder is an error") {
  test::temporary_folder folder;
  CHECK(folder_error(folder.path() / "none").find("cannot be read") != std::string::npos);
  CHECK(folder_error(folder.path()).find("has no file *.xml") != std::string::npos);
  std::ofstream(folder.path() / "b.xml") << xml_of("ftp.banner", fingerprint_for("ftp()", "B"));
  std::ofstream(folder.path() / "a.xml") << xml_of("ftp.banner", fingerprint_for("ftp()", "A"));
  std::ofstream(folder.path() / "notes.txt") << "not XML";
  auto loaded = load_recog_folder(folder.path());
  REQUIRE(loaded);
  CHECK((*loaded)->loaded().files == 2);
  CHECK(completed(**loaded, "220 ftp server\r\n") == "A |  | ");
  std::ofstream(folder.path() / "c.xml") << std::string(recog_file_bytes + 1, ' ');
  CHECK(folder_error(folder.path()).find("c.xml:1: the file has more than") != std::string::npos);
}

}  // namespace sonde::scanner
