#include "scanner/modules/command_dialogue.hpp"

#include "tests/support/doctest.hpp"

#include <string>
#include <vector>

namespace sonde::scanner {
namespace {

/// A greeting, the requests that follow it and the responses to them.
struct dialogue {
  std::string greeting;
  std::vector<std::string> requests;
  std::vector<std::string> responses;
  bool start_tls = false;
  std::string capabilities;
  talk_place where = talk_place::plain;
};

std::unique_ptr<protocol_talk> talk_after(const std::string& greeting,
                                          talk_place where = talk_place::plain) {
  auto known = recognise(greeting);
  if (known.by == nullptr || known.by->after_greeting == nullptr) return nullptr;
  return known.by->after_greeting(known, where);
}

/// The step after a response that comes one byte at a time.
talk_step last_step(protocol_talk& talk, const std::string& response) {
  talk_step out = talk_step::incomplete();
  for (std::size_t size = 1; size <= response.size(); ++size) {
    CHECK(out.what == talk_step::kind::more);
    out = talk.receive(response.substr(0, size));
  }
  return out;
}

void check_dialogue(const dialogue& one) {
  CAPTURE(one.greeting);
  auto talk = talk_after(one.greeting, one.where);
  REQUIRE(talk != nullptr);
  auto step = talk_step::send(talk->begin());
  for (std::size_t i = 0; i < one.requests.size(); ++i) {
    REQUIRE(step.what == talk_step::kind::send);
    CHECK(step.request == one.requests[i]);
    step = last_step(*talk, one.responses[i]);
  }
  REQUIRE(step.what == talk_step::kind::known);
  CHECK(step.start_tls == one.start_tls);
  CHECK(step.known.service.name.empty());
  const auto& facts = step.known.service.facts;
  CHECK(facts.size() == (one.capabilities.empty() ? 0 : 1));
  if (!facts.empty()) CHECK(facts.front().value == one.capabilities);
}

}  // namespace

TEST_CASE("a mail, news or FTP server gets a request for its capabilities and then for TLS") {
  const std::vector<dialogue> all = {
      {"220 mail.example.com ESMTP Postfix\r\n",
       {"EHLO sonde.invalid\r\n", "STARTTLS\r\n"},
       {"250-mail.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n", "220 2.0.0 Ready\r\n"},
       true,
       "mail.example.com, PIPELINING, STARTTLS"},
      {"220 ProFTPD Server ready.\r\n",
       {"FEAT\r\n", "AUTH TLS\r\n"},
       {"211-Features:\r\n AUTH TLS\r\n211 End\r\n", "234 AUTH TLS successful\r\n"},
       true,
       "Features:, AUTH TLS, End"},
      {"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n",
       {"a CAPABILITY\r\n", "a STARTTLS\r\n"},
       {"* CAPABILITY IMAP4rev1 STARTTLS\r\na OK done\r\n", "a OK Begin TLS\r\n"},
       true,
       "IMAP4rev1 STARTTLS"},
      {"+OK Dovecot ready.\r\n",
       {"CAPA\r\n", "STLS\r\n"},
       {"+OK\r\nUIDL\r\nSTLS\r\n.\r\n", "+OK Begin TLS\r\n"},
       true,
       "UIDL, STLS"},
  };
  for (const auto& one : all)
    check_dialogue(one);
}

TEST_CASE("an LMTP server is greeted with LHLO") {
  check_dialogue({"220 test.example Cyrus LMTP 3.6.1 server ready\r\n",
                  {"LHLO sonde.invalid\r\n", "STARTTLS\r\n"},
                  {"250-test.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n", "220 Begin TLS\r\n"},
                  true,
                  "test.example, STARTTLS, 8BITMIME"});
}

TEST_CASE("inside TLS only the capabilities are requested") {
  check_dialogue({"220 mail.example.com ESMTP Postfix\r\n",
                  {"EHLO sonde.invalid\r\n"},
                  {"250-mail.example.com\r\n250 AUTH PLAIN\r\n"},
                  false,
                  "mail.example.com, AUTH PLAIN",
                  talk_place::inside_tls});
  check_dialogue({"* OK Dovecot ready.\r\n",
                  {"a CAPABILITY\r\n"},
                  {"* CAPABILITY IMAP4rev1 STARTTLS\r\na OK done\r\n"},
                  false,
                  "IMAP4rev1 STARTTLS",
                  talk_place::inside_tls});
}

TEST_CASE("a dialogue ends where the server does not offer TLS or refuses a command") {
  check_dialogue({"220 mail.example.com ESMTP Postfix\r\n",
                  {"EHLO sonde.invalid\r\n"},
                  {"250-mail.example.com\r\n250 SIZE 10240000\r\n"},
                  false,
                  "mail.example.com, SIZE 10240000"});
  check_dialogue({"220 mail.example.com ESMTP Postfix\r\n",
                  {"EHLO sonde.invalid\r\n"},
                  {"502 5.5.2 Error\r\n"},
                  false,
                  ""});
  check_dialogue({"+OK POP3 ready\r\n", {"CAPA\r\n"}, {"-ERR unknown command\r\n"}, false, ""});
}

TEST_CASE("no request follows a greeting that refuses, nor one of SSH 1") {
  for (const char* greeting :
       {"554 no service\r\n", "421 too many connections, ESMTP\r\n", "* BYE go away\r\n",
        "-ERR disabled\r\n", "SSH-1.5-OpenSSH_2.1\r\n"}) {
    CAPTURE(greeting);
    CHECK(talk_after(greeting) == nullptr);
  }
}

}  // namespace sonde::scanner
